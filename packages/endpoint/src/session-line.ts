import type { RpcError } from "@trunkline/contract"
import {
  type CallerSide,
  type Encoded,
  OpenedChannel,
  type OpenRequest,
  type ReservedCode,
} from "@trunkline/protocol"
import type { Driver, Host } from "@trunkline/transport"
import type { Line } from "./line.js"

/** Whose session a line leads through: at a client one after another, at a server always the same. */
export interface LineOwner {
  readonly driver: Driver
  /** The session's id, once it has one. */
  readonly id: string | undefined
  /** Nothing new is taken any more. */
  readonly refusing: boolean
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

  now(): number {
    return this.#host.now()
  }

  encode(value: unknown): Encoded {
    return this.#owner.driver.session.encode(value)
  }

  open(request: OpenRequest, user: CallerSide): OpenedChannel {
    const { driver, refusing } = this.#owner
    const channel = new OpenedChannel(request, user)
    driver.step(({ calling }) =>
      refusing ? calling.refuse(channel, "CLOSED") : calling.add(channel),
    )
    return channel
  }

  send(path: string, input: Encoded | undefined): ReservedCode | undefined {
    const { driver, refusing } = this.#owner
    let refusal: ReservedCode | undefined = refusing ? "CLOSED" : undefined
    driver.step(({ calling }) => {
      refusal ??= calling.send(path, input)
    })
    return refusal
  }

  cancel(channel: OpenedChannel, code: ReservedCode): void {
    this.#owner.driver.step((session) => session.cancel(channel, code))
  }

  consumed(channel: OpenedChannel): void {
    this.#owner.driver.step((session) => session.consumed(channel))
  }

  correlationId({ id }: OpenedChannel): string | undefined {
    const session = this.#owner.id
    return id > 0 && session ? `${session}.${id}` : undefined
  }

  report(error: RpcError): void {
    this.#owner.report(error)
  }
}
