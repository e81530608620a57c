import type { ClientRecord, Record, ServiceRecord } from "./record.js"

/**
 * What is wrong with a history, by guarantee (docs/protocol.md, "Guarantees"): nothing but what clients
 * and handlers noted themselves is believed. Empty: G1 to G4 held, and everything came to an end.
 */
export function verdict(history: readonly Record[]): string[] {
  return [...events(history), ...calls(history), ...streams(history)]
}

type Of<T extends Record["type"]> = Extract<ClientRecord | ServiceRecord, { readonly type: T }>

function all<T extends Record["type"]>(history: readonly Record[], type: T): Of<T>[] {
  return history.filter((record): record is Of<T> => record.type === type)
}

function grouped<T>(records: readonly T[], by: (record: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const record of records) groups.set(by(record), [...(groups.get(by(record)) ?? []), record])
  return groups
}

/** G1: within a session in order, at most once at all, and what did not arrive was told. */
function* events(history: readonly Record[]): Generator<string> {
  for (const { code } of all(history, "dropped")) yield `G1: an event was dropped: ${code}`
  const heard = all(history, "heard")
  for (const [session, ofSession] of grouped(heard, ({ session }) => session)) {
    for (const [index, { n }] of ofSession.entries()) {
      const before = ofSession[index - 1]?.n ?? 0
      if (n <= before) yield `G1: session ${session} applied event ${n} after ${before}`
    }
  }
  const lost = grouped(all(history, "lost"), ({ who }) => who)
  const heardBy = grouped(heard, ({ who }) => who)
  for (const [who, said] of grouped(all(history, "said"), (record) => record.who)) {
    const numbers = (heardBy.get(who) ?? []).map(({ n }) => n)
    const distinct = new Set(numbers)
    if (distinct.size < numbers.length) yield `G1: an event of ${who} was applied twice`
    const unheard = said.filter(({ n }) => !distinct.has(n)).length
    const told = (lost.get(who) ?? []).reduce((sum, { events }) => sum + events, 0)
    if (unheard > told) yield `G1: ${unheard} events of ${who} vanished, ${told} were told of`
    const unsaid = numbers.filter((n) => !said.some((record) => record.n === n))
    if (unsaid.length > 0) yield `G1: events of ${who} were applied that nobody sent`
  }
}

/** Codes with which nobody can know whether the handler ran. */
const doubtful: readonly string[] = ["OUTCOME_UNKNOWN", "TIMEOUT", "CANCELLED", "CLOSED"]

/** G2: entered at most once, unless the contract allows more. G4: `executed` is never wrong. */
function* calls(history: readonly Record[]): Generator<string> {
  const entered = grouped(all(history, "entered"), ({ id }) => id)
  const left = new Set(all(history, "left").map(({ run }) => run))
  const outcomes = grouped([...all(history, "answered"), ...all(history, "failed")], ({ id }) => id)
  for (const { id, procedure } of all(history, "called")) {
    const runs = entered.get(id) ?? []
    const ended = runs.filter(({ run }) => left.has(run))
    if (procedure !== "safe" && runs.length > 1) yield `G2: ${id} was entered ${runs.length} times`
    const [outcome, ...more] = outcomes.get(id) ?? []
    if (!outcome) yield `G6: ${id} never came to an end`
    else if (more.length > 0) yield `G1: ${id} was settled ${more.length + 1} times`
    else if (outcome.type === "answered") {
      if (!ended.some(({ run }) => run === outcome.run)) yield `G4: ${id} got another's answer`
    } else if (outcome.executed === "no" && runs.length > 0) {
      yield `G4: ${id} failed ${outcome.code} "no", and was entered`
    } else if (outcome.executed === "yes" && ended.length === 0) {
      yield `G4: ${id} failed ${outcome.code} "yes", and never ended`
    } else if (outcome.executed === "unknown" && !doubtful.includes(outcome.code)) {
      yield `G4: ${id} failed ${outcome.code} "unknown"`
    }
  }
}

type StreamRecord = Of<"item"> | Of<"note"> | Of<"ended">

/** G3: contiguous, and what is missing was told where it is missing. */
function* streams(history: readonly Record[]): Generator<string> {
  const seen = grouped(
    history.filter(
      (record): record is StreamRecord => "stream" in record && record.type !== "opened",
    ),
    ({ stream }) => stream,
  )
  const log = new Log(all(history, "published"))
  for (const { stream, of, from } of all(history, "opened")) {
    const records = seen.get(stream) ?? []
    if (records.at(-1)?.type !== "ended") yield `G6: ${stream} never came to an end`
    if (of === "ticks") yield* ticks(stream, from, records, log)
    else yield* counts(stream, of === "fresh", records)
  }
}

/** A source without a log counts from 1 in each of its runs; another run has to be told. */
function* counts(
  stream: string,
  mayRestart: boolean,
  records: readonly StreamRecord[],
): Generator<string> {
  let run: string | undefined
  let last = 0
  let told = true
  for (const record of records) {
    if (record.type === "note") told ||= record.note === "restarted" && mayRestart
    if (record.type !== "item") continue
    const begins = record.run !== run
    if (begins && !told) yield `G3: ${stream} went on in another run without a word`
    const expected = begins ? 1 : last + 1
    if (record.n !== expected) yield `G3: ${stream} saw ${record.n} in the place of ${expected}`
    run = record.run
    last = record.n
    told = false
  }
}

/** A stream of the log goes on exactly after the place where it stood, or after a gap that was told. */
function* ticks(
  stream: string,
  from: string | undefined,
  records: readonly StreamRecord[],
  log: Log,
): Generator<string> {
  let place = from
  for (const record of records) {
    if (record.type === "note" && record.note === "gap") place = record.cursor
    if (record.type !== "item") continue
    if (log.cursorOf(record.run, record.n) !== record.cursor) {
      yield `G3: ${stream} got ${record.run} ${record.n} with the cursor of something else`
    }
    const expected = place === undefined ? undefined : log.after(place)
    if (expected !== undefined && expected !== record.cursor) {
      yield `G3: ${stream} saw ${record.run} ${record.n}, which does not follow ${place}`
    }
    place = record.cursor
  }
}

/** What was published, one log for each program; each begins at a cursor that no entry has. */
class Log {
  readonly #cursors = new Map<string, string>()
  readonly #next = new Map<string, string>()
  readonly #firsts = new Map<string, string>()

  constructor(published: readonly Of<"published">[]) {
    for (const { run, n, cursor } of published) {
      this.#cursors.set(`${run} ${n}`, cursor)
      const before = this.#cursors.get(`${run} ${n - 1}`)
      if (before) this.#next.set(before, cursor)
      else this.#firsts.set(epochOf(cursor), cursor)
    }
  }

  cursorOf(run: string, n: number): string | undefined {
    return this.#cursors.get(`${run} ${n}`)
  }

  /** The cursor of the entry behind this place. */
  after(place: string): string | undefined {
    return this.#next.get(place) ?? this.#firsts.get(epochOf(place))
  }
}

/** The memory broker's cursors name their log first. */
function epochOf(cursor: string): string {
  return cursor.slice(0, cursor.lastIndexOf("."))
}
