import { connect, createClient } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import * as z from "zod"

/** What a witness needs of the server that it watches. */
export const witnessContract = contract({
  witness: {
    /** 0, 1, 2, … some at a time, so that most of the machine is left to the others. */
    count: subscription({ item: z.number() }),
    ping: call({ output: z.string(), idempotency: "safe" }),
  },
})

export const witnessHandlers = {
  witness: {
    async *count({ signal }: { signal: AbortSignal }): AsyncGenerator<number> {
      for (let next = 0; !signal.aborted; next++) {
        yield next
        if (next % 16 === 15) await new Promise((resolve) => setTimeout(resolve, 1))
      }
    },
    ping: () => "pong",
  },
}

/**
 * Somebody else on the same server, reading a stream while others misbehave. It must notice nothing:
 * no gap, no repeat, no new session, no second socket.
 */
export class Witness {
  readonly #connection: ReturnType<typeof connect>
  readonly #stop: () => void
  readonly #client
  #expected = 0
  #fault: string | undefined
  #changes = 0
  #session: string | undefined
  #seen: () => void = () => {}

  private constructor(url: string, options: Parameters<typeof connect>[1]) {
    this.#connection = connect(url, options)
    this.#connection.on("state", () => this.#changes++)
    this.#connection.on("error", (error) => this.#fail(`an error: ${error.code}`))
    this.#client = createClient(witnessContract, this.#connection)
    this.#stop = this.#client.witness.count().subscribe({
      item: (item) => {
        if (item !== this.#expected) this.#fail(`${item} instead of ${this.#expected}`)
        this.#expected = item + 1
        this.#seen()
      },
      note: (note) => this.#fail(`a note: ${note.type}`),
      error: (error) => this.#fail(`the stream ended: ${error.code}`),
      done: () => this.#fail("the stream ended"),
    })
  }

  static async watch(url: string, options: Parameters<typeof connect>[1] = {}): Promise<Witness> {
    const witness = new Witness(url, options)
    await witness.#items(8)
    witness.#changes = 0
    witness.#session = witness.#connection.info.session
    return witness
  }

  /** Resolves when the line has shown that it still works; throws what the witness has seen. */
  async undisturbed(items = 32): Promise<void> {
    await this.#items(items)
    if ((await this.#client.witness.ping()) !== "pong") this.#fail("a call went wrong")
    const { session, replayed, duplicates } = this.#connection.info
    if (session !== this.#session) this.#fail("its session was lost")
    if (replayed + duplicates > 0) this.#fail("something was sent twice")
    if (this.#changes > 0) this.#fail("its line was cut")
    if (this.#fault !== undefined) throw new Error(`the witness saw ${this.#fault}`)
  }

  async close(): Promise<void> {
    this.#fault = undefined
    this.#stop()
    await this.#connection.close()
  }

  #fail(fault: string): void {
    this.#fault ??= fault
    this.#seen()
  }

  async #items(count: number): Promise<void> {
    const goal = this.#expected + count
    while (this.#expected < goal && this.#fault === undefined) {
      await new Promise<void>((resolve) => {
        this.#seen = resolve
      })
    }
    if (this.#fault !== undefined) throw new Error(`the witness saw ${this.#fault}`)
  }
}
