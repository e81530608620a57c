import { randomUUID } from "node:crypto"
import { mostNotes, type Note, type NoteInput } from "@trunkline-example/dashboard-contract"
import { Watched } from "./watched.js"

/** What viewers leave for each other, newest first. */
export class NoteBoard {
  readonly list: Watched<readonly Note[]> = new Watched<readonly Note[]>([])

  get full(): boolean {
    return this.list.value.length >= mostNotes
  }

  add(input: NoteInput): Note {
    const note = { id: randomUUID(), at: Date.now(), ...input }
    this.list.value = [note, ...this.list.value]
    return note
  }

  remove(id: string): void {
    this.list.value = this.list.value.filter((note) => note.id !== id)
  }
}
