import { call, contract, RpcError, subscription } from "@trunkline/contract"
import * as durations from "@trunkline/protocol/durations"
import {
  type CodecName,
  type Handlers,
  type KeyStore,
  memoryBroker,
  type Server,
  type ServerLimits,
  scope,
  serve,
  topic,
} from "@trunkline/server"
import * as z from "zod"
import type { Ledger } from "./ledger.js"
import type { Process } from "./process.js"
import { mayBegin, sendApi, serveDuplex, serveUpload } from "./sending/sending.js"
import type { TalkingService } from "./talk/talk.js"
import { toServer } from "./talk/talk-contract.js"
import { filterOf, type Topics } from "./topics/topics.js"
import type { must } from "./violation.js"

const CallInput = z.object({
  id: z.number(),
  behaviour: z.string(),
  delay: z.number(),
  filler: z.string(),
})
const CallOutput = z.object({ id: z.number(), run: z.number(), extra: z.unknown() })
const StreamInput = z.object({
  id: z.number(),
  items: z.number(),
  gap: z.number(),
  size: z.number(),
  fails: z.boolean(),
})
const StreamItem = z.object({
  id: z.number(),
  run: z.number(),
  n: z.number(),
  key: z.number(),
  filler: z.string(),
})

const TopicInput = z.object({ id: z.number(), topic: z.number() })
const TopicItem = z.object({
  serial: z.number(),
  topic: z.number(),
  key: z.number(),
  last: z.boolean(),
  filler: z.string(),
})
const topicDefinition = { input: TopicInput, item: TopicItem, replay: "topic" } as const

const definition = {
  input: CallInput,
  output: CallOutput,
  errors: { DECLARED: z.object({ id: z.number() }) },
}

/** The service that the simulated clients use: it does as its input says, and keeps the ledger. */
export const api = contract({
  plain: call(definition),
  safe: call({ ...definition, idempotency: "safe" }),
  idempotent: call({ ...definition, idempotency: "idempotent" }),
  every: subscription({ input: StreamInput, item: StreamItem }),
  fresh: subscription({ input: StreamInput, item: StreamItem, restart: "fresh" }),
  latest: subscription({
    input: StreamInput,
    item: StreamItem,
    delivery: "latest",
    restart: "fresh",
  }),
  conflate: subscription({
    input: StreamInput,
    item: StreamItem,
    delivery: { conflate: "key" },
    restart: "fresh",
  }),
  pushed: subscription({ input: StreamInput, item: StreamItem, restart: "fresh" }),
  topics: {
    strict: subscription(topicDefinition),
    lenient: subscription({ ...topicDefinition, onGap: "continue" }),
    board: subscription({ ...topicDefinition, state: z.object({ serial: z.number() }) }),
    conflated: subscription({
      ...topicDefinition,
      onGap: "continue",
      delivery: { conflate: "key" },
    }),
    filtered: subscription({ ...topicDefinition, onGap: "continue" }),
  },
  ...sendApi,
})

/** The same with keyed calls: it is served where a scenario has some. */
export const keyedApi = contract({
  ...api,
  keyed: call({ ...definition, idempotency: "key" }),
  rerun: call({ ...definition, idempotency: "key", onCrash: "rerun" }),
})

type StreamRequest = z.infer<typeof StreamInput>
type Item = z.infer<typeof StreamItem>

/** Where it runs, and who keeps the books. */
interface Surroundings {
  readonly process: Process
  readonly ledger: Ledger
}

export interface ServiceOptions extends Surroundings {
  readonly limits: Partial<ServerLimits>
  readonly grace: number
  /** Milliseconds that a token is good for. */
  readonly tokenLife: number | undefined
  /** What it speaks, best first. */
  readonly codecs: readonly CodecName[] | undefined
  readonly talk: TalkingService | undefined
  readonly topics: Topics | undefined
  /** Whether there are keyed calls, and what keeps their outcomes; undefined: what the server makes itself. */
  readonly keyed: { readonly keys: KeyStore | undefined } | undefined
  /** Who bears this token; throws for one that nobody may use now. */
  readonly authenticate: (token: string | undefined) => Promise<string>
}

interface Context {
  readonly user: string
  /** Until when the token is believed, on the server's clock. */
  readonly until: number
}

/** Starts the service in a process. */
export function startService(options: ServiceOptions): Server {
  const { process, ledger, limits, grace, tokenLife, codecs, talk, keyed, authenticate } = options
  const service = new Service(process, ledger)
  const pushed = topic(api.pushed, { key: ({ id }) => String(id) })
  const app = scope<Context>()
  const call = (request: CallRequest) => service.call(request)
  const stream = (request: StreamArguments) => service.stream(request)
  const admitted = app.use(({ input, next }) => {
    mayBegin(Object(input).handler)
    return next()
  })
  const contract = { ...api, talk: toServer }
  const served: Handlers<typeof contract, Context> = {
    upload: admitted((request) => serveUpload(request, service.sending(request))),
    duplex: admitted((request) => serveDuplex(request, service.sending(request))),
    plain: call,
    safe: call,
    idempotent: call,
    every: stream,
    fresh: stream,
    latest: stream,
    conflate: stream,
    pushed: (request) => {
      const { input } = request
      const source = pushed({ ...request, context: undefined })
      void service.push(request, (item) => pushed.publish(input, item))
      return source
    },
    talk: talk?.handlers ?? { greet: () => {}, say: () => {} },
    topics: handlersOf(options.topics, process),
  }
  const keyedContract = { ...keyedApi, talk: toServer }
  const router = keyed
    ? app.implement(keyedContract, { ...served, keyed: call, rerun: call })
    : app.implement(contract, served)
  return serve(router, {
    keys: keyed?.keys,
    host: process,
    codecs,
    limits,
    log: talk?.log ?? (() => {}), // failures are part of the plan
    session: { grace },
    authenticate: async ({ token }) => {
      const user = await authenticate(token)
      const until = process.now() + (tokenLife ?? Number.POSITIVE_INFINITY) + durations.tokenSlack
      const expires = tokenLife === undefined ? undefined : new Date(process.wall() + tokenLife)
      return { principal: user, context: { user, until }, expires }
    },
  })
}

interface StreamArguments {
  readonly input: StreamRequest
  readonly context: Context
  readonly session: { readonly id: string }
  readonly signal: AbortSignal
}

type TopicHandlers = Handlers<typeof api.topics, Context>

/** The topics as a server's process sees them; in a run without topics nobody reads any. */
function handlersOf(topics: Topics | undefined, process: Process): TopicHandlers {
  const node = topics?.serve(process)
  const broker = node?.broker ?? memoryBroker({ host: process })
  const key = ({ topic }: z.infer<typeof TopicInput>) => String(topic)
  const options = { broker, key, name: "topics", host: process }
  const snapshot = ({ topic }: z.infer<typeof TopicInput>) => {
    if (node && topics) return node.snapshot(topics.logOf(topic))
    throw new Error("a topic in a run without")
  }
  return {
    strict: topic(api.topics.strict, options),
    lenient: topic(api.topics.lenient, options),
    board: topic(api.topics.board, { ...options, snapshot }),
    conflated: topic(api.topics.conflated, options),
    filtered: ({ input }) => {
      if (node && topics) return node.part(topics.logOf(input.topic), filterOf("filtered"))
      throw new Error("a topic in a run without")
    },
  }
}

interface CallRequest {
  readonly input: z.infer<typeof CallInput>
  readonly context: Context
  readonly session: { readonly id: string }
  readonly signal: AbortSignal
  readonly errors: { DECLARED(data: { id: number }): RpcError }
  readonly idempotencyKey: string | undefined
}

/** Larger than the simulated clients let a result be. */
const oversized = 270_000

class Service {
  readonly #process: Process
  readonly #ledger: Ledger
  /** The run that publishes to each topic. */
  readonly #pushing = new Map<number, number>()

  constructor(process: Process, ledger: Ledger) {
    this.#process = process
    this.#ledger = ledger
  }

  async call(request: CallRequest): Promise<z.infer<typeof CallOutput>> {
    const { input, context, session, signal, errors, idempotencyKey } = request
    const { id, behaviour, delay } = input
    const entry = this.#enter(id, context, session.id, idempotencyKey !== undefined)
    try {
      if (behaviour === "ignore") await this.#sleep(300_000)
      else if (behaviour === "hang") await this.#sleep(300_000, signal)
      else await this.#sleep(delay, signal)
    } finally {
      // Also one that gives up for its signal: another attempt of the same key may be told so.
      entry.ended = true
    }
    if (idempotencyKey !== undefined) this.#ledger.commit(id, idempotencyKey, entry.run)
    switch (behaviour) {
      case "throw":
        throw new Error("as the scenario says")
      case "declared":
        throw errors.DECLARED({ id })
      case "reserved":
        throw new RpcError("UNAVAILABLE")
      default:
        return { id, run: entry.run, extra: extra(behaviour) }
    }
  }

  async *stream({ input, context, session, signal }: StreamArguments): AsyncGenerator<Item> {
    const entry = this.#enter(input.id, context, session.id)
    try {
      for (let n = 1; n <= input.items; n++) {
        if (input.gap > 0) await this.#sleep(input.gap, signal)
        yield itemOf(input, entry.run, n)
      }
      if (input.fails) throw new Error("as the scenario says")
    } finally {
      entry.ended = true
    }
  }

  /** A source that waits for nobody. */
  async push(
    { input, context, session, signal }: StreamArguments,
    publish: (item: Item) => Promise<void>,
  ): Promise<void> {
    const entry = this.#enter(input.id, context, session.id)
    this.#pushing.set(input.id, entry.run)
    for (let n = 1; n <= input.items; n++) {
      await this.#sleep(Math.max(1, input.gap))
      // A reader that came back has a run of its own on the same topic.
      if (signal.aborted || this.#pushing.get(input.id) !== entry.run) break
      await publish(itemOf(input, entry.run, n))
    }
    entry.ended = true
  }

  /** What serving an upload or a duplex needs of the ledger and the clock. */
  sending({
    input,
    context,
    session,
  }: Pick<StreamArguments, "context" | "session"> & { readonly input: { readonly id: number } }) {
    const entry = this.#enter(input.id, context, session.id)
    const sending = this.#ledger.sendingOf(input.id)
    const sleep = (milliseconds: number, signal?: AbortSignal) => this.#sleep(milliseconds, signal)
    const demand: typeof must = (holds, invariant, text) =>
      this.#ledger.demand(holds, invariant, text)
    return { entry, sending, sleep, demand }
  }

  /**
   * S10: nobody is served whose token has run out. A keyed call was dispatched before it came here: it may
   * have waited for its key.
   */
  #enter(
    id: number,
    context: Context,
    session: string,
    keyed = false,
  ): ReturnType<Ledger["enter"]> {
    const { user, until } = context
    this.#ledger.serve(session, user)
    const late = this.#process.now() - until
    this.#ledger.demand(
      keyed || late <= 0,
      "S10",
      () => `${id} began ${late} ms after the token of ${user} had run out`,
    )
    return this.#ledger.enter(id, this.#process.name, user, this.#process.now())
  }

  /** Ends early when nobody waits any more. */
  #sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (milliseconds <= 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const abort = () => {
        cancel()
        reject(signal?.reason)
      }
      const cancel = this.#process.run(this.#process.now() + milliseconds, () => {
        signal?.removeEventListener("abort", abort)
        resolve()
      })
      if (signal?.aborted) abort()
      else signal?.addEventListener("abort", abort, { once: true })
    })
  }
}

function extra(behaviour: string): unknown {
  if (behaviour === "unencodable") return () => "a function"
  if (behaviour === "oversized") return "x".repeat(oversized)
  return behaviour === "large" ? "x".repeat(150_000) : null
}

function itemOf({ id, size }: StreamRequest, run: number, n: number): Item {
  return { id, run, n, key: n % 3, filler: "x".repeat(size) }
}
