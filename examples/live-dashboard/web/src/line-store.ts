import type { ConnectionInfo, ConnectionState } from "@trunkline/client"
import { connection } from "./line.js"
import { alerts, droppedValues, noteListeners, notes } from "./streams.js"

export interface LineEvent {
  readonly id: number
  readonly at: number
  readonly text: string
}

export interface LineView {
  readonly state: ConnectionState
  /** Milliseconds of the last round trip. */
  readonly latency: number | undefined
  readonly info: ConnectionInfo
  readonly dropped: number
  /** Where the streams that stand in logs could be continued. */
  readonly cursors: { readonly alerts: string | undefined; readonly notes: string | undefined }
  /** What happened to the line, newest first. */
  readonly events: readonly LineEvent[]
}

/** How often the figures are read, in milliseconds. The state is told as it changes. */
const readEvery = 500
const mostEvents = 20

/** The connection as a panel shows it. */
class LineStore {
  readonly #listeners = new Set<() => void>()
  #events: readonly LineEvent[] = []
  #lostAt: number | undefined
  #session: string | undefined
  #view: LineView

  constructor() {
    this.#view = this.#read()
    connection.on("state", ({ from, to, code }) => {
      if (to === "draining") this.#tell("The server is about to leave")
      if (to === "open") this.#opened()
      if (from !== "connecting" && (to === "waiting" || to === "closed")) this.#lost(code)
      this.#update()
    })
    noteListeners.add((text) => {
      this.#tell(text)
      this.#update()
    })
    setInterval(() => this.#update(), readEvery)
  }

  readonly view = (): LineView => this.#view

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #opened(): void {
    const { session } = connection.info
    const away =
      this.#lostAt === undefined ? "" : ` after ${Math.round(Date.now() - this.#lostAt)} ms`
    if (this.#session === undefined) this.#tell("Opened a session")
    else if (away === "") this.#tell("Moved to another session, nothing was interrupted")
    else if (session === this.#session) this.#tell(`Healed${away}, same session`)
    else this.#tell(`New session${away}, streams anew`)
    this.#session = session
    this.#lostAt = undefined
  }

  #lost(code: number | undefined): void {
    this.#lostAt = Date.now()
    this.#tell(`Lost${code === undefined ? "" : ` with code ${code}`}`)
  }

  #tell(text: string): void {
    const id = (this.#events[0]?.id ?? 0) + 1
    this.#events = [{ id, at: Date.now(), text }, ...this.#events].slice(0, mostEvents)
  }

  #update(): void {
    this.#view = this.#read()
    for (const listener of this.#listeners) listener()
  }

  #read(): LineView {
    const { state, latency, info } = connection
    const cursors = { alerts: alerts.cursor, notes: notes.cursor }
    return { state, latency, info, dropped: droppedValues(), cursors, events: this.#events }
  }
}

export const line = new LineStore()
