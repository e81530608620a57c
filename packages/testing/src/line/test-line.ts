import type { Procedure } from "@trunkline/contract"
import type { RejectCode } from "@trunkline/protocol"
import type { DrainOptions, Server } from "@trunkline/server"

/** A procedure: as its contract has it, `monitor.hosts.list`, or as a client does, `client.hosts.list`. */
export type AnyProcedure = Procedure | ((...arguments_: never) => unknown)

/**
 * A message that passes on the line.
 *
 * - a procedure: the message that opens it, or is an event of it
 * - `{ answer }`: the first that comes back from a call or a stream opened from now on: result, error,
 *   item or end
 * - `{ up: n }`, `{ down: n }`: the n-th from now on that the client, or the server, sends, greetings and
 *   acknowledgements counted
 */
export type Passing =
  | AnyProcedure
  | { readonly answer: AnyProcedure }
  | { readonly up: number }
  | { readonly down: number }

/** When the line breaks, and what its client is told. */
export interface DropOptions {
  /**
   * Just before this arrives, so that it is lost.
   * @default at once
   */
  readonly before?: Passing | undefined
  /**
   * Just after this has arrived, and before anything can come back.
   * @default at once
   */
  readonly after?: Passing | undefined
  /**
   * The close code that the client sees: 4429, for instance, ends its session.
   * @default 1006, as when a cable is pulled
   */
  readonly code?: number | undefined
  /**
   * So many times `before` or `after` is to happen.
   * @default 1
   */
  readonly times?: number | undefined
}

/** Milliseconds that a message takes from the client to the server, and back. */
export interface Delays {
  /** @default 0 */
  readonly up?: number | undefined
  /** @default 0 */
  readonly down?: number | undefined
}

/**
 * Why a client is not let in: what a server says (docs/protocol.md, "Close codes"), or `unreachable`, when
 * none is there.
 */
export type HandshakeRefusal = RejectCode | "unreachable"

export interface RefuseOptions {
  /**
   * So many attempts to connect are refused.
   * @default all, until `accept`
   */
  readonly times?: number | undefined
}

export interface RefuseCallOptions {
  /**
   * So many calls are refused.
   * @default all, until `accept`
   */
  readonly times?: number | undefined
  /** What a declared error carries. */
  readonly data?: unknown
  /**
   * What the error says.
   * @default its code
   */
  readonly message?: string | undefined
}

/**
 * A line that a test can treat badly. Whatever it does stays until it is taken back: by `plug`, `accept`,
 * `delay(0)`, or all of it by `reset`.
 */
export interface TestLine {
  /** The server that runs now. */
  readonly server: Server
  /**
   * Breaks the line without a word, now or when something passes. What is on its way is lost. The client
   * comes back by itself, and its session goes on.
   *
   * @throws TypeError for a procedure that is not in the contract, and for numbers that cannot be
   *
   * @example
   * ```ts
   * line.drop()
   * line.drop({ before: client.pay })               // the call never arrives, and is sent again
   * line.drop({ after: client.pay })                // the handler runs, and its answer finds no line
   * line.drop({ before: { answer: client.pay } })   // the answer is lost on its way
   * line.drop({ after: { down: 3 } })               // behind the third message from the server
   * ```
   */
  drop(options?: DropOptions): void
  /** Breaks the line and keeps it broken until `plug`. */
  unplug(): void
  plug(): void
  /**
   * Has every message take so many milliseconds each way, from now on, in order as before. It goes by the
   * clock of the line: a `VirtualClock`, a test's fake timers, or the runtime's.
   *
   * @throws TypeError for what is no number of milliseconds
   */
  delay(milliseconds: number | Delays): void
  /**
   * Refuses clients that want in, until `accept`. A line that is up stays up: `drop` it to have its client
   * come again.
   *
   * @example
   * ```ts
   * line.refuse("auth")                     // until accept()
   * line.refuse("busy", { times: 2 })       // the next two attempts
   * ```
   */
  refuse(why: HandshakeRefusal, options?: RefuseOptions): void
  /**
   * Refuses what is called from now on, until `accept`, before its handler is entered: `executed` is `no`.
   *
   * @param code one that the procedure declares, or a reserved one but `BUSY` and `REFUSED`, which only a
   * server itself can say
   * @throws TypeError for another code, and for what is not served here
   *
   * @example
   * ```ts
   * line.refuse(client.pay, "LIMIT", { data: { most: 100 }, times: 1 })
   * ```
   */
  refuse(procedure: AnyProcedure, code: string, options?: RefuseCallOptions): void
  /** Takes back what `refuse` said. */
  accept(): void
  /**
   * Tells whoever reads this topic now that entries may be lost, as a broker that has forgotten them
   * would: the stream does what the contract's `onGap` says.
   *
   * @throws TypeError for a procedure without `replay: "topic"`
   */
  gap(topic: AnyProcedure): void
  /** Crashes the server and starts another, which knows nothing of the sessions of the first. */
  restart(): void
  /**
   * Starts another server and drains the first, as a rolling restart does: the client moves over while
   * the line stays up. New sockets go to the new server.
   */
  replace(options?: DrainOptions): Promise<void>
  /** A whole line again: no delay, nothing refused, nothing scripted, plugged in. */
  reset(): void
  /** Closes both sides, as far as they are the line's own. */
  close(): Promise<void>
}
