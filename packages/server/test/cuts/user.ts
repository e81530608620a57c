import { setTimeout } from "node:timers/promises"
import {
  type Client,
  type Connection,
  connect,
  createClient,
  isRpcError,
  type Stream,
} from "@trunkline/client"
import type { ClientRecord, Procedure, StreamKind } from "./record.js"
import { service } from "./service.js"

type Counted = { readonly run: string; readonly n: number }

/** Somebody who uses everything, all the time, and notes what came of it. */
export class User {
  readonly connection: Connection
  readonly client: Client<typeof service>
  readonly #who: string
  readonly #note: (record: ClientRecord) => void
  #working = true
  #ticks: Stream<Counted> | undefined
  /** The place of the last tick that there will be. */
  #tip: string | undefined
  #calls = 0
  #streams = 0

  constructor(who: string, url: string, note: (record: ClientRecord) => void) {
    this.#who = who
    this.#note = note
    this.connection = connect(url, { reconnect: { base: 2, cap: 30 } })
    this.connection.on("error", () => {})
    this.connection.on("lost", ({ events }) => note({ type: "lost", who, events }))
    this.client = createClient(service, this.connection)
  }

  /** Works until `rest`, and until all that was begun has come to its end. */
  async work(): Promise<void> {
    const procedures: readonly Procedure[] = ["plain", "safe", "keyed"]
    await Promise.all([
      ...procedures.map((procedure) => this.#call(procedure)),
      this.#say(),
      this.#read("count"),
      this.#read("fresh"),
      this.#readTicks(),
    ])
    await this.connection.drain()
  }

  /** Begins nothing new; the ticks are read up to this place, behind which there will be none. */
  async rest(tip: string): Promise<void> {
    this.#working = false
    this.#tip = tip
    while (this.#ticks?.cursor !== tip) await setTimeout(20)
    this.#ticks.cancel()
  }

  async #call(procedure: Procedure): Promise<void> {
    for (; this.#working; await setTimeout(Math.random() * 30)) {
      const id = `${this.#who}-${procedure}-${++this.#calls}`
      const filler = "x".repeat(Math.random() < 0.01 ? 80_000 : Math.random() * 200)
      const answer = Math.random() < 0.01 ? 80_000 : Math.floor(Math.random() * 200)
      const delay = Math.random() < 0.2 ? Math.random() * 40 : 0
      this.#note({ type: "called", id, procedure })
      try {
        const fails = Math.random() < 0.1
        const { run } = await this.client[procedure]({ id, delay, filler, answer, fails })
        this.#note({ type: "answered", id, run })
      } catch (error) {
        this.#failed(id, error)
      }
    }
  }

  #failed(id: string, error: unknown): void {
    if (!isRpcError(error)) throw error
    const { code, executed } = error
    this.#note({ type: "failed", id, code, executed })
  }

  async #say(): Promise<void> {
    for (let n = 1; this.#working; await setTimeout(15)) {
      try {
        this.client.said({ who: this.#who, n })
        this.#note({ type: "said", who: this.#who, n: n++ })
      } catch (error) {
        // Without a line for long enough there is no room for more: it was not sent.
        if (!isRpcError(error) || error.code !== "OFFLINE_QUEUE_FULL") throw error
      }
    }
  }

  /** A stream without a log begins anew when it is lost. */
  async #read(of: StreamKind & ("count" | "fresh")): Promise<void> {
    for (; this.#working; await setTimeout(5)) {
      const most = 50 + Math.random() * 2_000
      await this.#listen(of, this.client[of](), undefined, (seen) => seen < most)
    }
  }

  /** Now and then the page is loaded again, and goes on where it was; so does one whose stream failed. */
  async #readTicks(): Promise<void> {
    let from: string | undefined
    for (; this.#working || this.#ticks?.cursor !== this.#tip; await setTimeout(5)) {
      const most = 20 + Math.random() * 500
      const stream = this.client.ticks(undefined, { from })
      this.#ticks = stream
      const last = await this.#listen("ticks", stream, from, (seen) => {
        return !this.#working || seen < most
      })
      from = last ?? from
    }
  }

  /** @returns where it could be continued */
  async #listen(
    of: StreamKind,
    stream: Stream<Counted>,
    from: string | undefined,
    goOn: (seen: number) => boolean,
  ): Promise<string | undefined> {
    const name = `${this.#who}-${of}-${++this.#streams}`
    let seen = 0
    let place: string | undefined
    this.#note({ type: "opened", stream: name, of, ...(from !== undefined && { from }) })
    try {
      for await (const event of stream.events()) {
        if ("note" in event) {
          const { type: note } = event.note
          if (note === "gap") place = event.note.cursor
          const cursor = note === "gap" ? event.note.cursor : undefined
          this.#note({ type: "note", stream: name, note, cursor })
          continue
        }
        const { item, cursor } = event
        place = cursor
        this.#note({ type: "item", stream: name, ...item, cursor })
        if (!goOn(++seen) || (!this.#working && of !== "ticks")) break
      }
      this.#note({ type: "ended", stream: name })
    } catch (error) {
      if (!isRpcError(error)) throw error
      this.#note({ type: "ended", stream: name, code: error.code })
    }
    return place
  }
}
