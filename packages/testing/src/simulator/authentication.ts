import { RpcError } from "@trunkline/contract"
import type { Clock } from "../pair/clock.js"
import type { Counters } from "./counters.js"
import type { Process } from "./process.js"

/** Who is believed by any server: a token is the name of its user. */
export class Authentication {
  /** Until then nobody is believed, and until then it takes this many milliseconds. */
  refusedUntil = 0
  slowUntil = 0
  slowBy = 0
  readonly #clock: Clock
  readonly #counters: Counters
  readonly #revoked: ReadonlyMap<string, number>

  constructor(clock: Clock, counters: Counters, revoked: ReadonlyMap<string, number>) {
    this.#clock = clock
    this.#counters = counters
    this.#revoked = revoked
  }

  async of(token: string | undefined, server: Process): Promise<string> {
    const { refusedUntil, slowUntil, slowBy } = this
    // Looked up before what is slow: rights may be taken away in between.
    if (this.#revoked.has(token ?? "")) throw new RpcError("FORBIDDEN")
    if (this.#clock.now < slowUntil) {
      this.#counters.add("slow authentication")
      await new Promise<void>((resolve) => server.run(this.#clock.now + slowBy, resolve))
    }
    if (token === undefined || this.#clock.now < refusedUntil) throw new RpcError("UNAUTHORIZED")
    return token
  }
}
