import { randomUUID } from "node:crypto"
import {
  mostNotes,
  type Note,
  type NoteChange,
  type NoteInput,
} from "@trunkline-example/dashboard-contract"
import { Feed } from "./feed.js"

/** What viewers leave for each other, newest first: what the log of its changes comes to. */
export class NoteBoard {
  readonly feed: Feed<NoteChange, readonly Note[]> = new Feed<NoteChange, readonly Note[]>(
    [],
    change,
  )

  get full(): boolean {
    return this.feed.state.length >= mostNotes
  }

  async add(input: NoteInput): Promise<Note> {
    const note = { id: randomUUID(), at: Date.now(), ...input }
    await this.feed.add({ added: note })
    return note
  }

  /** Removing it twice does no harm. */
  async remove(id: string): Promise<void> {
    if (this.feed.state.some((note) => note.id === id)) await this.feed.add({ removed: { id } })
  }
}

function change(notes: readonly Note[], item: NoteChange): readonly Note[] {
  if ("added" in item) return [item.added, ...notes]
  return notes.filter((note) => note.id !== item.removed.id)
}
