import type { Encoded } from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import type { Transport, TransportEvents } from "@trunkline/transport"

/** A transport that tells how it ended: by which code, ours or theirs. */
export class CountedTransport implements Transport {
  readonly #transport: Transport
  readonly #ended: (code: string) => void

  constructor(transport: Transport, ended: (code: string) => void) {
    this.#transport = transport
    this.#ended = ended
  }

  get buffered(): number {
    return this.#transport.buffered ?? 0
  }

  listen(events: TransportEvents): void {
    this.#transport.listen({
      message: (wire) => events.message(wire),
      closed: (code, reason) => {
        this.#ended(nameOf(code))
        events.closed(code, reason)
      },
    })
  }

  send(wire: Encoded): void {
    this.#transport.send(wire)
  }

  close(code: number, reason: string): void {
    this.#ended(nameOf(code))
    this.#transport.close(code, reason)
  }

  gone(run: () => void): void {
    if (this.#transport.gone) this.#transport.gone(run)
    else run()
  }
}

/** Codes that the protocol has, and those of a browser that says none. */
const known: ReadonlySet<number> = new Set([
  ...Object.values(closeCodes).filter((value) => typeof value === "number"),
  1005,
])

/** A client may close with any of thousands of codes: they are not worth a counter each. */
function nameOf(code: number): string {
  return known.has(code) ? String(code) : "other"
}
