/** All that the page follows: each stream is one, however many components look at it. */

import { useSubscription } from "@trunkline/react"
import type {
  Alert,
  Note,
  NoteChange,
  Process,
  ProcessChange,
  Sample,
} from "@trunkline-example/dashboard-contract"
import { useEffect } from "react"
import { useHold } from "./hold.js"
import { client } from "./line.js"
import { nothingSeen, type Sequence, see } from "./sequence.js"

/** Samples that the charts show: five minutes at one a second. */
export const chartLength = 300
/** Alerts that the feed shows, gaps among them. */
const feedLength = 100

export interface Recorded {
  readonly sequence: Sequence
  /** Oldest first. */
  readonly items: readonly Sample[]
}

/** The samples that the charts show, and a record of what was seen. */
export function useSamples() {
  const view = useSubscription(client.samples, undefined, {
    ...{ keep: 0, paused: useHold().held },
    reduce: record,
    note: recordAnew,
  })
  const { error, retry } = view
  // Whoever was away for so long that the server has forgotten what comes next gets what it has.
  useEffect(() => {
    if (error?.code === "FELL_BEHIND") retry()
  }, [error, retry])
  return view
}

/** The alerts, and where some are missing. */
export function useAlerts() {
  return useSubscription(client.alerts, undefined, {
    ...{ keep: 0, paused: useHold().held },
    reduce: addAlert,
    reset: keptAlerts,
    note: (rows = [], note) => (note.type === "gap" ? [...rows, missing(note.cursor)] : rows),
  })
}

export function useNotes() {
  return useSubscription(client.notes.changes, undefined, {
    ...{ keep: 0, paused: useHold().held },
    reduce: changeNotes,
  })
}

export function usePulse() {
  return useSubscription(client.pulse, undefined, { keep: 0, paused: useHold().held })
}

export function useProcesses() {
  return useSubscription(client.processes, undefined, {
    ...{ keep: 0, paused: useHold().held },
    reduce: changeTable,
  })
}

export function useRules() {
  return useSubscription(client.rules.list, undefined, { keep: 0, paused: useHold().held })
}

/** Whoever reads this stream is one of them, by this name. */
export function useViewers(name: string) {
  return useSubscription(client.viewers, { name }, { keep: 0, paused: useHold().held })
}

/** Values that the server skipped for this page, of all streams that may skip. */
export function useDropped(): number {
  const paused = useHold().held
  const looks = [
    useSubscription(client.pulse, undefined, { paused, select: nothing }),
    useSubscription(client.processes, undefined, { paused, select: nothing }),
    useSubscription(client.rules.list, undefined, { paused, select: nothing }),
  ]
  return looks.reduce((sum, { dropped }) => sum + dropped, 0)
}

const nothing = () => undefined

const empty: Recorded = { sequence: nothingSeen, items: [] }

function record(recorded: Recorded | undefined, sample: Sample): Recorded {
  const { sequence, items } = recorded ?? empty
  const seen = see(sequence, sample)
  const isNew = seen.last !== sequence.last || seen.run !== sequence.run
  return { sequence: seen, items: isNew ? [...items, sample].slice(-chartLength) : items }
}

/** The stream may repeat what is known. */
function recordAnew(
  recorded: Recorded | undefined,
  { type }: { readonly type: string },
): Recorded | undefined {
  if (!recorded || type !== "restarted") return recorded
  return { ...recorded, sequence: { ...recorded.sequence, anew: true } }
}

/** A row of the alert feed: an alert, or the place where some are missing for good. */
export type FeedRow =
  | { readonly key: string; readonly alert: Alert }
  | { readonly key: string; readonly missing: true }

function addAlert(
  rows: readonly FeedRow[] = [],
  alert: Alert,
  cursor: string | undefined,
): readonly FeedRow[] {
  return [...rows, { key: cursor ?? "", alert }].slice(-feedLength)
}

function keptAlerts(all: readonly Alert[]): readonly FeedRow[] {
  return all.map((alert, index) => ({ key: `kept ${index}`, alert }))
}

function missing(cursor: string): FeedRow {
  return { key: `gap ${cursor}`, missing: true }
}

function changeNotes(board: readonly Note[] = [], change: NoteChange): readonly Note[] {
  if ("added" in change) return [change.added, ...board]
  return board.filter((note) => note.id !== change.removed.id)
}

/** The rows by their process. The table is another after each change; its map is the same, and changes. */
export interface Table {
  readonly rows: Map<number, Process>
}

function changeTable({ rows }: Table = { rows: new Map() }, change: ProcessChange): Table {
  if ("gone" in change) rows.delete(change.pid)
  else rows.set(change.pid, change)
  return { rows }
}
