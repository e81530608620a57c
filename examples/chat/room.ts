import { EventEmitter } from "node:events"
import type { SessionInfo } from "@trunkline/server"
import type { Message, Person } from "./contract.js"

/** Messages that a room keeps for who comes later. */
const kept = 100
/** Milliseconds after a key that somebody is taken to be typing. */
const typingFor = 3_000

interface Present {
  readonly name: string
  readonly session: SessionInfo
  typing?: NodeJS.Timeout | undefined
}

/** What was said in a room, and who is there: `people` is emitted when that changes. */
export class Room extends EventEmitter<{ people: [people: Person[]] }> {
  /** Read together: the state is what the log comes to at the cursor. */
  history: { readonly state: Message[]; readonly cursor: string }
  readonly #present = new Set<Present>()

  constructor(cursor: string) {
    super()
    this.history = { state: [], cursor }
    this.setMaxListeners(0)
  }

  said(message: Message, cursor: string): void {
    this.history = { state: [...this.history.state, message].slice(-kept), cursor }
  }

  /** Gives the way out. */
  enter(name: string, session: SessionInfo): () => void {
    const one: Present = { name, session }
    this.#present.add(one)
    this.#tell()
    return () => {
      clearTimeout(one.typing)
      this.#present.delete(one)
      this.#tell()
    }
  }

  /** Told once, not for every key. */
  typing(session: SessionInfo, typing: boolean): void {
    let changed = false
    for (const one of this.#present) {
      if (one.session !== session) continue
      changed ||= typing !== (one.typing !== undefined)
      clearTimeout(one.typing)
      one.typing = typing ? setTimeout(() => this.typing(session, false), typingFor) : undefined
    }
    if (changed) this.#tell()
  }

  /** Somebody with two pages is one person. */
  #tell(): void {
    const people = new Map<string, Person>()
    for (const { name, typing } of this.#present) {
      people.set(name, { name, typing: typing !== undefined || people.get(name)?.typing === true })
    }
    this.emit("people", [...people.values()])
  }
}
