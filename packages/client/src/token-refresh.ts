import { RpcError } from "@trunkline/contract"
import * as durations from "@trunkline/protocol/durations"
import type { Host } from "@trunkline/transport"
import { asToken } from "./token.js"

/** Whoever waits to hear that the server believes a newer token. */
interface Waiting {
  resolve(): void
  reject(error: RpcError): void
}

export interface TokenRefreshOptions {
  readonly host: Host
  /** Asks the application; undefined: it has no tokens, and what ends is renewed by connecting anew. */
  readonly token: (() => unknown) | undefined
  /** Shows it to the server. */
  readonly show: (token: string) => void
  /** It could not be had, and nobody waits for it. */
  readonly failed: (cause: unknown) => void
}

/**
 * Shows the server another token before the one that it has runs out (docs/protocol.md, "AUTH"). One
 * that comes too late costs a reconnect and nothing else.
 */
export class TokenRefresh {
  readonly #options: TokenRefreshOptions
  /** Who asked before the token underway was asked for, and who asked after. */
  #asked: Waiting[] = []
  #waiting: Waiting[] = []
  #cancel: (() => void) | undefined
  /** Raised with each line: what was begun on another is nothing to this one. */
  #line = 0
  #attached = false
  #underway = false
  #earliest = 0
  #timed = false

  constructor(options: TokenRefreshOptions) {
    this.#options = options
  }

  /** Whoever waits for a line that is left waits for this one. */
  inherit(before: TokenRefresh): void {
    if (before === this) return
    this.#waiting.push(...before.#asked, ...before.#waiting)
    before.#asked = []
    before.#waiting = []
  }

  /** WELCOME: the server believes the token that HELLO brought. */
  opened(exp: number | undefined): void {
    this.#line++
    this.#attached = true
    this.#believed(exp, 0)
  }

  /** AUTH_OK. */
  confirmed(exp: number | undefined): void {
    this.#believed(exp, durations.betweenAuths)
  }

  /** The line is gone: whoever waits hears of the next one. */
  lost(): void {
    this.#line++
    this.#attached = false
    this.#underway = false
    this.#cancel?.()
  }

  /** No attempt at a line could be made: whoever waits for it has to ask again. */
  unavailable(cause: unknown): void {
    const waiting = [...this.#asked, ...this.#waiting]
    this.#waiting = []
    this.#fail(new RpcError("UNAVAILABLE", { cause, executed: "no" }), waiting)
  }

  /** There will be no other line. */
  close(): void {
    this.lost()
    this.#fail(new RpcError("CLOSED", { executed: "no" }), [...this.#asked, ...this.#waiting])
    this.#waiting = []
  }

  /** Resolves when the server believes a token that is asked for from now on. */
  refresh(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      if (this.#attached && !this.#underway) this.#askAt(this.#earliest)
    })
  }

  #believed(exp: number | undefined, pause: number): void {
    const now = this.#options.host.now()
    for (const { resolve } of this.#asked) resolve()
    this.#asked = []
    this.#underway = false
    this.#earliest = now + pause
    this.#timed = exp !== undefined && this.#options.token !== undefined
    this.#cancel?.()
    if (this.#waiting.length > 0) this.#askAt(this.#earliest)
    else if (exp !== undefined && this.#timed) {
      this.#askAt(Math.max(now + Math.max(exp / 2, exp - durations.renewAhead), this.#earliest))
    }
  }

  #askAt(time: number): void {
    const { host } = this.#options
    this.#cancel?.()
    if (time <= host.now()) return void this.#ask()
    this.#cancel = host.wakeAt(time, () => void this.#ask())
  }

  async #ask(): Promise<void> {
    const line = this.#line
    this.#underway = true
    // Whoever asks in the same turn means the same token.
    await undefined
    if (line !== this.#line) return
    this.#asked = this.#waiting
    this.#waiting = []
    try {
      const token = asToken(await this.#options.token?.()) ?? ""
      if (line === this.#line) this.#options.show(token)
    } catch (cause) {
      if (line === this.#line) this.#failed(cause)
    }
  }

  /** The token that the server has is good for a while yet. */
  #failed(cause: unknown): void {
    this.#underway = false
    this.#earliest = this.#options.host.now() + durations.betweenAuths
    if (this.#asked.length === 0) this.#options.failed(cause)
    this.#fail(new RpcError("UNAVAILABLE", { cause, executed: "no" }), this.#asked)
    if (this.#timed || this.#waiting.length > 0) this.#askAt(this.#earliest)
  }

  #fail(error: RpcError, waiting: readonly Waiting[]): void {
    this.#asked = []
    for (const { reject } of waiting) reject(error)
  }
}
