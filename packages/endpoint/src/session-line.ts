import type { RpcError } from "@trunkline/contract"
import {
  type CallerSide,
  type Encoded,
  OpenedChannel,
  type OpenRequest,
  type ReservedCode,
} from "@trunkline/protocol"
import { callUser, type Driver, type Host } from "@trunkline/transport"
import type { Observer } from "./handlers/watch.js"
import type { Line } from "./line.js"

/** Whoever has the session that a channel is in. */
interface ChannelOwner {
  readonly driver: Driver
  /** The session's id, once it has one. */
  readonly id: string | undefined
}

/** Whose session a line leads through: at a client one after another, at a server always the same. */
export interface LineOwner {
  /** Of the session in which whatever is new is opened. */
  readonly driver: Driver
  /** Nothing new is taken any more. */
  readonly refusing: boolean
  /** What the other side said when it closed it for good. */
  readonly farewell?: string | undefined
  /** Why there is no line now, as far as it is known. */
  readonly trouble?: string | undefined
  /** In whose session a channel is: while a client moves it has two. */
  ownerOf(channel: OpenedChannel): ChannelOwner
  /** Hears of every call and stream that is opened. */
  readonly observer?: Observer | undefined
  report(error: RpcError): void
}

/** The way from the call surface into a session, the same at both ends. */
export class SessionLine implements Line {
  readonly timeout: number
  readonly #owner: LineOwner
  readonly #host: Host

  constructor(owner: LineOwner, host: Host, timeout: number) {
    this.timeout = timeout
    this.#owner = owner
    this.#host = host
  }

  get attached(): boolean {
    return this.#owner.driver.session.attached
  }

  get farewell(): string | undefined {
    return this.#owner.farewell
  }

  get trouble(): string | undefined {
    return this.#owner.trouble
  }

  now(): number {
    return this.#host.now()
  }

  encode(value: unknown): Encoded {
    return this.#owner.driver.session.encode(value)
  }

  open(request: OpenRequest, user: CallerSide): OpenedChannel {
    const { driver, refusing, observer } = this.#owner
    const channel = new OpenedChannel(request, user)
    if (observer) observe(observer, channel)
    driver.step(({ calling }) =>
      refusing ? calling.refuse(channel, "CLOSED") : calling.add(channel),
    )
    return channel
  }

  send(path: string, input: Encoded | undefined): ReservedCode | undefined {
    const { driver, refusing } = this.#owner
    let refusal: ReservedCode | undefined = refusing ? "CLOSED" : undefined
    driver.step((session) => {
      refusal ??= session.send(path, input)
    })
    return refusal
  }

  cancel(channel: OpenedChannel, code: ReservedCode): void {
    this.#driverOf(channel).step(({ calling }) => calling.giveUp(channel, code))
  }

  consumed(channel: OpenedChannel): void {
    this.#driverOf(channel).step(({ calling }) => calling.consumed(channel))
  }

  item(channel: OpenedChannel, item: unknown): void {
    const driver = this.#driverOf(channel)
    const encoded = driver.session.encode(item)
    driver.step(({ calling }) => calling.item(channel, encoded))
  }

  finish(channel: OpenedChannel): void {
    this.#driverOf(channel).step(({ calling }) => calling.finish(channel))
  }

  correlationId(channel: OpenedChannel): string | undefined {
    const { id: session } = this.#owner.ownerOf(channel)
    return channel.id > 0 && session ? `${session}.${channel.id}` : undefined
  }

  report(error: RpcError): void {
    this.#owner.report(error)
  }

  #driverOf(channel: OpenedChannel): Driver {
    return this.#owner.ownerOf(channel).driver
  }
}

/** What an observer throws is nothing to the call. */
function observe(observer: Observer, channel: OpenedChannel): void {
  callUser(() => {
    channel.observation = observer.started(channel.request)
  })
}
