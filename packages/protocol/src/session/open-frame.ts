import type { Codec, Encoded } from "../codec/codec.js"
import type { ReservedCode } from "../error-code.js"
import type { Meta } from "../frame.js"
import * as Kind from "../kind.js"
import { pathUnits } from "../limits.js"
import { isCursor, text } from "../shape.js"
import type { OpenedChannel, OpenRequest } from "./channel.js"
import type { Context } from "./context.js"

/** Paths that are kept encoded: most calls go the same few ways. */
const mostPaths = 1_024

/** Writes the frames that a caller sends for the first time. */
export class OpenFrames {
  readonly #context: Context
  #paths: Map<string, Encoded> | undefined

  constructor(context: Context) {
    this.#context = context
  }

  /** OPEN, with this id. */
  open(channel: OpenedChannel, id: number): Encoded {
    const { input, credit, request } = channel
    const meta = metaOf(channel, this.#context)
    const { codec } = this.#context
    const path = this.#path(request.path)
    if (credit === undefined && meta === undefined) {
      return codec.array(input === undefined ? [Kind.OPEN, id, path] : [Kind.OPEN, id, path, input])
    }
    const head = [Kind.OPEN, id, path, input ?? codec.encode(undefined)]
    if (meta === undefined) return codec.array([...head, credit ?? codec.encode(null)])
    return codec.array([...head, credit ?? codec.encode(null), codec.encode(meta)])
  }

  /** EVENT. */
  event(path: string, input: Encoded | undefined): Encoded {
    const encoded = this.#path(path)
    const fields = input === undefined ? [Kind.EVENT, encoded] : [Kind.EVENT, encoded, input]
    return this.#context.codec.array(fields)
  }

  #path(path: string): Encoded {
    this.#paths ??= new Map()
    const known = this.#paths.get(path)
    if (known !== undefined) return known
    const encoded = this.#context.codec.encode(path)
    if (this.#paths.size < mostPaths) this.#paths.set(path, encoded)
    return encoded
  }
}

/** CANCEL, as it is sent and as it takes the place of a dead OPEN. */
export function cancelFrame(codec: Codec, id: number): Encoded {
  return codec.array([Kind.CANCEL, id])
}

/** What no frame may say is never sent: the other side would end the session. */
export function misuseOf({ path, from }: OpenRequest): ReservedCode | undefined {
  if (path.length > pathUnits) return "NOT_FOUND"
  return from === undefined || isCursor(from) ? undefined : "VALIDATION"
}

/** An observer is the application's, and its mistake not to end the session. */
const isTrace = text(64)

function metaOf(channel: OpenedChannel, context: Context): Meta | undefined {
  const { doubt, reissues, from, observation, request } = channel
  const timed = request.tellDeadline && request.deadline !== Number.POSITIVE_INFINITY
  const trace = isTrace(observation?.traceparent) ? observation?.traceparent : undefined
  if (!timed && !doubt && reissues === 0 && from === undefined && trace === undefined) {
    return undefined
  }
  const key = doubt && channel.countsAsCall ? doubt.key(context.moment, context.keys) : undefined
  return {
    ...(timed && { d: millisecondsLeft(request.deadline, context.now) }),
    ...(doubt && { u: 1 }),
    ...(key !== undefined && { k: key }),
    ...(reissues > 0 && { a: reissues }),
    ...(trace !== undefined && { t: trace }),
    ...(from !== undefined && { f: from }),
  }
}

function millisecondsLeft(deadline: number, now: number): number {
  return Math.min(Math.max(0, Math.ceil(deadline - now)), Number.MAX_SAFE_INTEGER)
}
