/** All that the page follows. */
import type {
  Alert,
  Note,
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
import { type Folding, StreamStore } from "./stream-store.js"

/** Samples that the charts show: five minutes at one a second. */
export const chartLength = 300
const feedLength = 100

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
export const alerts = new StreamStore<Alert, Recorded<Alert>>(
  () => client.alerts(),
  recording(feedLength),
  hold,
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
export const notes = new StreamStore<readonly Note[], readonly Note[] | undefined>(
  () => client.notes.list(),
  newest(),
  hold,
)
export const viewers = new StreamStore<readonly Viewer[], readonly Viewer[] | undefined>(
  () => client.viewers({ name: me.name }),
  newest(),
  hold,
)

/** Values that the server skipped for this page, all streams together. */
export function droppedValues(): number {
  const lossy = [pulse, processes, rules, notes, viewers]
  return lossy.reduce((sum, store) => sum + store.view().dropped, 0)
}

/** Keeps the newest items in order, and a record of what was seen. */
function recording<Item extends Place>(length: number): Folding<Item, Recorded<Item>> {
  return {
    empty: { sequence: nothingSeen, items: [] },
    add: (record, added) => {
      const items = [...record.items]
      let { sequence } = record
      for (const item of added) {
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
  return { empty: undefined, add: (state, items) => items.at(-1) ?? state, anew: (state) => state }
}

function changeRows(
  rows: ReadonlyMap<number, Process>,
  changes: readonly ProcessChange[],
): ReadonlyMap<number, Process> {
  const changed = new Map(rows)
  for (const change of changes) {
    if ("gone" in change) changed.delete(change.pid)
    else changed.set(change.pid, change)
  }
  return changed
}
