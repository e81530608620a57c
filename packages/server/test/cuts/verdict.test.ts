import { describe, expect, test } from "vitest"
import type { Record } from "./record.js"
import { verdict } from "./verdict.js"

/* A judge who never finds anybody guilty is none: each lie is told to it once. */

const called = (id: string, procedure: "plain" | "safe" | "keyed" = "plain"): Record => ({
  type: "called",
  id,
  procedure,
})
const entered = (id: string, run: string): Record => ({ type: "entered", id, run })
const left = (run: string): Record => ({ type: "left", run })
const answered = (id: string, run: string): Record => ({ type: "answered", id, run })
const failed = (id: string, code: string, executed: string): Record => ({
  type: "failed",
  id,
  code,
  executed,
})
const said = (n: number): Record => ({ type: "said", who: "u", n })
const heard = (n: number, session = "s"): Record => ({ type: "heard", who: "u", n, session })
const opened = (of: "ticks" | "count" | "fresh", from?: string): Record => ({
  type: "opened",
  stream: "x",
  of,
  ...(from !== undefined && { from }),
})
const item = (run: string, n: number, cursor?: string): Record => ({
  type: "item",
  stream: "x",
  run,
  n,
  cursor,
})
const note = (name: string, cursor?: string): Record => ({
  type: "note",
  stream: "x",
  note: name,
  cursor,
})
const ended: Record = { type: "ended", stream: "x" }
const published = (run: string, n: number): Record => ({
  type: "published",
  run,
  n,
  cursor: `${run}.${n}`,
})
const log = [...[1, 2, 3].map((n) => published("a", n)), ...[1, 2].map((n) => published("b", n))]

test("an honest history is found honest", () => {
  const history: Record[] = [
    called("c1"),
    entered("c1", "r1"),
    left("r1"),
    answered("c1", "r1"),
    called("c2"),
    failed("c2", "CLOSED", "no"),
    called("c3"),
    entered("c3", "r3"),
    left("r3"),
    failed("c3", "FAILED", "yes"),
    called("c4", "safe"),
    entered("c4", "r4"),
    entered("c4", "r5"),
    failed("c4", "OUTCOME_UNKNOWN", "unknown"),
    ...[said(1), said(2), said(3), heard(1), heard(3, "t"), { type: "lost", who: "u", events: 1 }],
    ...log,
    opened("ticks", "a.1"),
    item("a", 2, "a.2"),
    note("gap", "b.0"),
    item("b", 1, "b.1"),
    ended,
  ] as Record[]
  expect(verdict(history)).toEqual([])
})

describe("is found:", () => {
  test.each<[lie: string, guarantee: string, history: Record[]]>([
    ["an event twice in a session", "G1", [said(1), heard(1), heard(1)]],
    ["an event twice in two sessions", "G1", [said(1), heard(1), heard(1, "t")]],
    ["events out of order", "G1", [said(1), said(2), heard(2), heard(1)]],
    ["an event that was dropped", "G1", [{ type: "dropped", code: "BUSY" }]],
    ["an event that vanished", "G1", [said(1)]],
    ["an event that nobody sent", "G1", [said(1), heard(1), heard(2)]],
    [
      "a plain call that ran twice",
      "G2",
      [called("c"), entered("c", "1"), entered("c", "2"), failed("c", "TIMEOUT", "unknown")],
    ],
    [
      "a keyed call that ran twice",
      "G2",
      [
        called("c", "keyed"),
        entered("c", "1"),
        entered("c", "2"),
        failed("c", "TIMEOUT", "unknown"),
      ],
    ],
    ["an answer of nobody's run", "G4", [called("c"), answered("c", "1")]],
    [
      "an answer of a run that never ended",
      "G4",
      [called("c"), entered("c", "1"), answered("c", "1")],
    ],
    ["a no that was entered", "G4", [called("c"), entered("c", "1"), failed("c", "BUSY", "no")]],
    [
      "a yes that never ended",
      "G4",
      [called("c"), entered("c", "1"), failed("c", "FAILED", "yes")],
    ],
    [
      "an unknown that is known",
      "G4",
      [called("c"), entered("c", "1"), left("1"), failed("c", "FAILED", "unknown")],
    ],
    ["a call without an end", "G6", [called("c")]],
    [
      "a call with two ends",
      "G1",
      [
        called("c"),
        entered("c", "1"),
        left("1"),
        answered("c", "1"),
        failed("c", "TIMEOUT", "unknown"),
      ],
    ],
    [
      "a hole in a log",
      "G3",
      [...log, opened("ticks"), item("a", 1, "a.1"), item("a", 3, "a.3"), ended],
    ],
    [
      "a repeat of a log",
      "G3",
      [...log, opened("ticks"), item("a", 1, "a.1"), item("a", 1, "a.1"), ended],
    ],
    [
      "another log without a gap",
      "G3",
      [...log, opened("ticks"), item("a", 3, "a.3"), item("b", 2, "b.2"), ended],
    ],
    [
      "a hole behind a gap",
      "G3",
      [...log, opened("ticks"), note("gap", "b.0"), item("b", 2, "b.2"), ended],
    ],
    [
      "a hole behind where it was continued",
      "G3",
      [...log, opened("ticks", "a.1"), item("a", 3, "a.3"), ended],
    ],
    ["a cursor of something else", "G3", [...log, opened("ticks"), item("a", 1, "a.2"), ended]],
    ["a hole in a stream", "G3", [opened("count"), item("r", 1), item("r", 3), ended]],
    ["a beginning in the middle", "G3", [opened("count"), item("r", 2), ended]],
    ["another run without a word", "G3", [opened("fresh"), item("r", 1), item("q", 1), ended]],
    [
      "another run where there may be none",
      "G3",
      [opened("count"), item("r", 1), note("restarted"), item("q", 1), ended],
    ],
    ["a stream without an end", "G6", [opened("count"), item("r", 1)]],
  ])("%s", (_, guarantee, history) => {
    const found = verdict(history)
    expect(found.length).toBeGreaterThan(0)
    expect(found[0]).toMatch(new RegExp(`^${guarantee}: `))
  })
})
