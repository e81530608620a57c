import {
  type AcceptedChannel,
  type Arrival,
  type Attachment,
  type Codec,
  Context,
  type Effect,
  type Encoded,
  jsonCodec,
  type KeyTerms,
  type Kind,
  type Limits,
  NothingServed,
  OpenedChannel,
  type Outcome,
  type RateLimits,
  Rates,
  type Role,
  Serving,
  Session,
  type SessionEnd,
} from "../src/index.js"
import * as limits from "../src/limits.js"

export interface WiredOptions {
  /** What both speak; json if nothing is said. */
  readonly codec?: Codec
  /** What the client accepts, where it differs from the defaults. */
  readonly client?: Partial<Limits>
  /** What the server accepts, where it differs from the defaults. */
  readonly server?: Partial<Limits>
  readonly heartbeat?: number
  /** What the client may do in a second; without them nobody counts. */
  readonly rates?: RateLimits
  readonly random?: () => number
  /** How far the server's idempotency keys can be relied upon. */
  readonly keys?: KeyTerms
  /** What may wait at the client. */
  readonly queue?: { readonly calls: number; readonly units: number }
  /** The client serves nothing, as one that implements no contract. */
  readonly servesNothing?: boolean
}

export interface OpenOptions {
  readonly input?: unknown
  readonly kind?: Kind | undefined
  /** Milliseconds from now. */
  readonly timeout?: number
  readonly tellDeadline?: boolean
  readonly from?: string
}

/** A channel that a test opened, with what became of it. */
export interface Opened {
  readonly channel: OpenedChannel
  /** All that was settled; more than one would be a bug. */
  readonly outcomes: Outcome[]
}

/** One end of the wire: a session, and what it asked its driver for. */
export class End {
  readonly session: Session
  readonly serving: Serving
  readonly codec: Codec
  readonly limits: Limits
  /** Every message that it ever sent, as JSON has it. */
  readonly sent: string[] = []
  /** Units of the longest of them. */
  longest = 0
  /** Messages on their way to the other end. */
  flying: Encoded[] = []
  readonly effects: Effect[] = []
  readonly accepted: AcceptedChannel[] = []
  readonly cancelled: string[] = []
  /** What this end does about a channel that the other opened. */
  accept: (channel: AcceptedChannel) => void = () => {}
  closed: { readonly code: number; readonly reason: string } | undefined
  over: SessionEnd | undefined
  readonly #clock: { now: number }
  readonly #context: Context

  constructor(role: Role, accepts: Limits, options: WiredOptions, clock: { now: number }) {
    this.codec = options.codec ?? jsonCodec
    const context = new Context(
      this.codec,
      options.random ?? (() => 0.5),
      role === "server" && options.rates ? new Rates(options.rates) : undefined,
    )
    this.serving = new Serving(context, accepts)
    const queue = options.queue ?? { calls: limits.waitingOpens, units: limits.waitingOpenUnits }
    const silent = role === "client" && options.servesNothing
    this.session = new Session({
      role,
      context,
      callee: silent ? new NothingServed(context) : this.serving,
      limits: accepts,
      queue,
      firstId: role === "client" ? 1 : 2,
    })
    this.limits = accepts
    this.#clock = clock
    this.#context = context
  }

  step(input: (session: Session) => void): void {
    for (const effect of this.session.step(this.#clock.now, input)) this.#carryOut(effect)
  }

  serve(input: (serving: Serving) => void): void {
    this.step(() => input(this.serving))
  }

  /** As a caller that knows no contract. */
  openUnknown(path: string): Opened {
    return this.open(path, { kind: undefined })
  }

  open(path: string, options: OpenOptions = {}): Opened {
    const { kind } = "kind" in options ? options : ({ kind: "call" } as const)
    const { input, timeout, tellDeadline = false, from } = options
    const outcomes: Outcome[] = []
    const channel = new OpenedChannel(
      {
        path,
        input: input === undefined ? undefined : this.session.encode(input),
        kind,
        deadline: timeout === undefined ? Number.POSITIVE_INFINITY : this.#clock.now + timeout,
        tellDeadline,
        from,
      },
      { settled: (outcome) => void outcomes.push(outcome) },
    )
    this.step(({ calling }) => calling.add(channel))
    return { channel, outcomes }
  }

  /** Units that it holds for its readers. */
  get held(): number {
    return this.#context.budget.used
  }

  /** Sends values in a channel that it opened. */
  send({ channel }: Opened, ...values: readonly unknown[]): void {
    this.step((session) => {
      for (const value of values) session.calling.item(channel, session.encode(value))
    })
  }

  /** The first of its channels that the other end opened, or a later one, served as this kind. */
  serveAs(kind: Kind, window = 4, channel = this.accepted.at(-1)): AcceptedChannel {
    if (!channel) throw new Error("nothing was opened")
    this.serve((serving) => {
      serving.admit(channel, kind)
      if (kind === "subscription" || kind === "duplex") serving.begin(channel, "every", window)
      if (kind === "upload" || kind === "duplex") serving.receive(channel, window)
    })
    return channel
  }

  /** Answers a channel that it accepted with a value. */
  result(channel: AcceptedChannel | undefined, value?: unknown): void {
    if (!channel) throw new Error("there is no such channel")
    const encoded = value === undefined ? undefined : this.session.encode(value)
    this.serve((serving) => serving.result(channel, encoded))
  }

  /** Sends a frame that no half of the session asked for. */
  say(...frame: readonly unknown[]): void {
    this.step(() => this.#context.scheduler.push(transcribe(this.codec, JSON.stringify(frame))))
  }

  /** A message of the other end that no session of ours would send. */
  hear(message: unknown): void {
    const text = typeof message === "string" ? message : JSON.stringify(message)
    const wire = transcribe(this.codec, text)
    this.step((session) => session.receive(wire))
  }

  /** The frames of all that it sent, control messages left out. */
  get frames(): unknown[][] {
    return this.sent.flatMap((wire) => {
      const [first, , ...frames] = JSON.parse(wire)
      return first === 0 ? [] : frames
    })
  }

  /** The frames of its control messages. */
  get controls(): unknown[][] {
    return this.sent.flatMap((wire) => {
      const [first, , ...frames] = JSON.parse(wire)
      return first === 0 ? frames : []
    })
  }

  #carryOut(effect: Effect): void {
    this.effects.push(effect)
    switch (effect.type) {
      case "transmit":
        this.sent.push(textOf(this.codec, effect.wire))
        this.longest = Math.max(this.longest, effect.wire.length)
        this.flying.push(effect.wire)
        break
      case "disconnect":
        this.closed = { code: effect.code, reason: effect.reason }
        break
      case "accept":
        this.accepted.push(effect.channel)
        this.accept(effect.channel)
        break
      case "cancelled":
        this.cancelled.push(effect.code)
        effect.channel.user?.cancelled(effect.code)
        break
      case "writable":
        effect.channel.user?.writable?.()
        break
      case "settled":
        effect.channel.user.settled(effect.outcome)
        break
      case "over":
        this.over = effect.end
        break
    }
  }
}

/**
 * Two sessions and the wire between them, in virtual time. Messages fly as they are encoded; a test
 * lets them arrive, loses them, cuts the wire and joins it again.
 */
export class Wired {
  readonly client: End
  readonly server: End
  readonly #clock = { now: 0 }
  readonly #heartbeat: number
  readonly #keys: KeyTerms | undefined

  constructor(options: WiredOptions = {}) {
    this.#heartbeat = options.heartbeat ?? 20_000
    this.#keys = options.keys
    const client = { ...limits.defaultLimits, ...options.client }
    const server = { ...limits.defaultLimits, ...options.server }
    this.client = new End("client", client, options, this.#clock)
    this.server = new End("server", server, options, this.#clock)
  }

  get now(): number {
    return this.#clock.now
  }

  /** Joins the ends, as WELCOME does: each learns what the other has applied. */
  join(): this {
    const { client, server } = this
    const toServer = { rx: client.session.applied, limits: client.limits }
    const toClient = { rx: server.session.applied, limits: server.limits }
    this.#attach(server, { ...toServer, heartbeat: this.#heartbeat })
    this.#attach(client, { ...toClient, heartbeat: this.#heartbeat, keys: this.#keys })
    return this
  }

  /** Loses the socket and whatever is on its way. */
  cut(): void {
    for (const end of [this.client, this.server]) {
      end.flying = []
      end.step((session) => session.detach())
    }
  }

  /** Ends the turn at both ends: what was produced is on its way. */
  flush(): void {
    for (const { session, step } of this.#ends()) if (session.pending) step((s) => s.flush())
  }

  /** Lets the first so many messages of one end arrive. */
  arrive(from: End, count = from.flying.length): void {
    const to = from === this.client ? this.server : this.client
    for (const wire of from.flying.splice(0, count)) to.step((session) => session.receive(wire))
  }

  /** Goes on until nothing is on its way and nobody has more to send. */
  settle(): void {
    const { client, server } = this
    for (let turn = 0; turn < 10_000; turn++) {
      this.flush()
      if (client.flying.length + server.flying.length === 0) return
      this.arrive(client)
      this.arrive(server)
    }
    throw new Error("the wire does not come to rest")
  }

  /** Lets time pass without anything arriving; every alarm on the way rings. */
  wait(milliseconds: number): void {
    const until = this.now + milliseconds
    for (;;) {
      const next = Math.min(this.client.session.deadline, this.server.session.deadline)
      if (next > until) break
      this.#clock.now = Math.max(this.now, next)
      this.#ring()
    }
    this.#clock.now = until
    this.#ring()
  }

  /** The same, and what is sent arrives at once. */
  live(milliseconds: number): void {
    const until = this.now + milliseconds
    for (;;) {
      this.settle()
      const next = Math.min(this.client.session.deadline, this.server.session.deadline)
      if (next > until) break
      this.#clock.now = Math.max(this.now, next)
      this.#ring()
    }
    this.#clock.now = until
    this.#ring()
    this.settle()
  }

  /** The clock jumps, and no alarm has rung: a machine that slept. */
  sleep(milliseconds: number): void {
    this.#clock.now += milliseconds
  }

  #ring(): void {
    for (const { session, step } of this.#ends()) {
      if (session.deadline <= this.now) {
        step((s) => s.tick())
        if (session.pending) step((s) => s.flush())
      }
    }
  }

  #ends(): { session: Session; step: End["step"] }[] {
    return [this.client, this.server].map((end) => ({
      session: end.session,
      step: (input) => end.step(input),
    }))
  }

  #attach(end: End, attachment: Attachment): void {
    end.closed = undefined
    end.step((session) => session.attach(attachment))
  }
}

/** Two sessions that are joined. */
export function wired(options: WiredOptions = {}): Wired {
  return new Wired(options).join()
}

/** Takes all that a stream's consumer could take. */
export function takeAll({ channel }: Opened, end: End): Arrival[] {
  const arrivals: Arrival[] = []
  for (;;) {
    const arrival = channel.inflow?.shift()
    if (arrival === undefined) break
    arrivals.push(arrival)
    if (channel.inflow?.tellDue) end.step(({ calling }) => calling.consumed(channel))
  }
  return arrivals
}

/** Takes up to so many items that were sent up, as a handler would. */
export function takeUp(
  channel: AcceptedChannel,
  end: End,
  most = Number.POSITIVE_INFINITY,
): unknown[] {
  const items: unknown[] = []
  while (items.length < most) {
    const arrival = channel.inflow?.shift()
    if (arrival === undefined) break
    if ("item" in arrival) items.push(arrival.item)
    if (channel.inflow?.tellDue) end.serve((serving) => serving.grant(channel))
  }
  return items
}

/** The items among them. */
export function itemsOf(arrivals: readonly Arrival[]): unknown[] {
  return arrivals.flatMap((arrival) => ("item" in arrival ? [arrival.item] : []))
}

export function failureOf({ outcomes }: Opened): unknown {
  const [outcome, ...more] = outcomes
  if (!outcome || more.length > 0) throw new Error(`settled ${outcomes.length} times`)
  return outcome.ok ? undefined : outcome.failure
}

function textOf(codec: Codec, wire: Encoded): string {
  return typeof wire === "string" ? wire : String(jsonCodec.encode(codec.decode(wire).value))
}

/** A message of JSON, as this codec has it. */
export function transcribe(codec: Codec, text: string): Encoded {
  if (codec === jsonCodec) return text
  const { value, revive } = jsonCodec.decode(text)
  return codec.encode(revive ? revive(value) : value)
}
