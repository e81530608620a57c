/** All that the page follows. */

import type { StreamNote } from "@trunkline/client"
import type {
  Alert,
  Note,
  NoteChange,
  Place,
  Process,
  ProcessChange,
  Pulse,
  Rule,
  Sample,
  Viewer,
} from "@trunkline-example/dashboard-contract"
import { hold } from "./hold.js"
import { client } from "./line.js"
import { me } from "./me.js"
import { nothingSeen, type Sequence, see } from "./sequence.js"
import { type Folding, type Received, StreamStore } from "./stream-store.js"

/** Samples that the charts show: five minutes at one a second. */
export const chartLength = 300
/** Alerts that the feed shows, gaps among them. */
const feedLength = 100

/** A row of the alert feed: an alert, or the place where some are missing for good. */
export type FeedRow =
  | { readonly key: string; readonly alert: Alert }
  | { readonly key: string; readonly missing: true }

export interface Recorded<Item> {
  readonly sequence: Sequence
  /** Oldest first. */
  readonly items: readonly Item[]
}

export const samples = new StreamStore<Sample, Recorded<Sample>>(
  () => client.samples(),
  recording(chartLength),
  hold,
)
export const alerts = new StreamStore<Alert, readonly FeedRow[], readonly Alert[]>(
  () => client.alerts(),
  {
    empty: [],
    add: (rows, added) => [...rows, ...added.map(feedRow)].slice(-feedLength),
    anew: (rows) => rows,
    replace: (all) => all.map((alert, index) => ({ key: `kept ${index}`, alert })),
    gap: (rows, cursor) => [...rows, { key: `gap ${cursor}`, missing: true }],
  },
  hold,
  (note) => heard("Alerts", note),
)
export const pulse = new StreamStore<Pulse, Pulse | undefined>(() => client.pulse(), newest(), hold)
export const processes = new StreamStore<ProcessChange, ReadonlyMap<number, Process>>(
  () => client.processes(),
  { empty: new Map(), add: changeRows, anew: () => new Map() },
  hold,
)
export const rules = new StreamStore<readonly Rule[], readonly Rule[] | undefined>(
  () => client.rules.list(),
  newest(),
  hold,
)
export const notes = new StreamStore<NoteChange, readonly Note[] | undefined, readonly Note[]>(
  () => client.notes.changes(),
  {
    empty: undefined,
    add: (board, changes) => changes.reduce(changeNotes, board ?? []),
    anew: (board) => board,
    replace: (all) => all,
  },
  hold,
  (note) => heard("Notes", note),
)
export const viewers = new StreamStore<readonly Viewer[], readonly Viewer[] | undefined>(
  () => client.viewers({ name: me.name }),
  newest(),
  hold,
)

/** Values that the server skipped for this page, all streams together. */
export function droppedValues(): number {
  const lossy = [pulse, processes, rules, viewers]
  return lossy.reduce((sum, store) => sum + store.view().dropped, 0)
}

/** Who wants to know of notes, with the name of their stream: the line's panel does. */
export const noteListeners: Set<(text: string) => void> = new Set()

function heard(stream: string, note: StreamNote): void {
  const text = noteTexts[note.type]
  if (text) for (const listener of noteListeners) listener(`${stream}: ${text}`)
}

const noteTexts: { readonly [Type in StreamNote["type"]]?: string } = {
  gap: "some are lost, as the server's store did not outlive it",
  reset: "all that there is, and then what is new",
  stalled: "the store cannot be reached",
}

function feedRow({ item, cursor }: Received<Alert>): FeedRow {
  return { key: cursor ?? "", alert: item }
}

function changeNotes(board: readonly Note[], { item }: Received<NoteChange>): readonly Note[] {
  if ("added" in item) return [item.added, ...board]
  return board.filter((note) => note.id !== item.removed.id)
}

/** Keeps the newest items in order, and a record of what was seen. */
function recording<Item extends Place>(length: number): Folding<Item, Recorded<Item>> {
  return {
    empty: { sequence: nothingSeen, items: [] },
    add: (record, added) => {
      const items = [...record.items]
      let { sequence } = record
      for (const { item } of added) {
        const { last, run } = sequence
        sequence = see(sequence, item)
        if (sequence.last !== last || sequence.run !== run) items.push(item)
      }
      return { sequence, items: items.slice(-length) }
    },
    anew: ({ sequence, items }) => ({ sequence: { ...sequence, anew: true }, items }),
  }
}

/** Of a stream that says everything with each item. */
function newest<Item>(): Folding<Item, Item | undefined> {
  return {
    empty: undefined,
    add: (state, items) => items.at(-1)?.item ?? state,
    anew: (state) => state,
  }
}

function changeRows(
  rows: ReadonlyMap<number, Process>,
  changes: readonly Received<ProcessChange>[],
): ReadonlyMap<number, Process> {
  const changed = new Map(rows)
  for (const { item: change } of changes) {
    if ("gone" in change) changed.delete(change.pid)
    else changed.set(change.pid, change)
  }
  return changed
}
