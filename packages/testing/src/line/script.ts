import type { Codec, Encoded } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as Kind from "@trunkline/protocol/frame-kinds"
import { type Frame, FrameReader } from "./frames.js"
import type { Direction } from "./line-socket.js"

/** Whether a message is the one that a test waits for. */
export type Watched = (direction: Direction, frames: readonly Frame[]) => boolean

/** A break that a test has asked for beforehand. */
export interface ScriptedDrop {
  readonly when: "before" | "after"
  readonly watched: Watched
  readonly code: number
  /** So many times it is still to happen. */
  times: number
}

/** As a socket that dies without a close frame, once. */
export const defaultDrop = { code: closeCodes.ABNORMAL, times: 1 } as const

/** What is to break, and when. */
export class Script {
  readonly #drops = new Set<ScriptedDrop>()
  #reader = new FrameReader()

  add(drop: ScriptedDrop): void {
    this.#drops.add(drop)
  }

  clear(): void {
    this.#drops.clear()
    this.#reader = new FrameReader()
  }

  /** A message arrives. What it breaks, if anything; of several the first. */
  passing(direction: Direction, wire: Encoded, codec: Codec): ScriptedDrop | undefined {
    if (this.#drops.size === 0) return undefined
    const frames = this.#reader.read(direction, wire, codec)
    const due = [...this.#drops].filter(({ watched }) => watched(direction, frames))
    const [drop] = due
    if (drop && --drop.times <= 0) this.#drops.delete(drop)
    return drop
  }
}

/** Each n-th message of a direction, from now on. */
export function counting(counted: Direction, n: number): Watched {
  let seen = 0
  return (direction) => direction === counted && ++seen % n === 0
}

/** Opens the procedure, or is an event of it. */
export function opening(path: string): Watched {
  return (_, frames) => frames.some((frame) => pathOpened(frame) === path)
}

/** Something comes back from what was opened: a result, an error, an item, the end. */
export function answering(path: string): Watched {
  const opened: Readonly<Record<Direction, Set<unknown>>> = { up: new Set(), down: new Set() }
  return (direction, frames) => {
    for (const frame of frames) {
      if (pathOpened(frame) === path) opened[direction].add(frame[1])
    }
    const asked = opened[direction === "up" ? "down" : "up"]
    return frames.some(([kind, id]) => answers.has(kind) && asked.has(id))
  }
}

const answers: ReadonlySet<unknown> = new Set([
  Kind.RESULT,
  Kind.ERROR,
  Kind.ITEM,
  Kind.ITEMS,
  Kind.END,
])

function pathOpened([kind, first, second]: Frame): unknown {
  if (kind === Kind.OPEN) return second
  return kind === Kind.EVENT ? first : undefined
}
