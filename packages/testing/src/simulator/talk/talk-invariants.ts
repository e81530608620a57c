/** What must hold of events and of the calls that a server makes (docs/protocol.md, "Invariants"). */
import type { Counters } from "../counters.js"
import type { Scenario } from "../scenario.js"
import { must } from "../violation.js"
import type { Asked, Events, TalkLedger } from "./talk-ledger.js"

/** Codes with which `unknown` is honest: nobody saw the end. */
const doubtful: readonly (string | undefined)[] = [
  "CANCELLED",
  "TIMEOUT",
  "OUTCOME_UNKNOWN",
  "STREAM_LOST",
]

/** Faults after which nobody can say how far a session came. */
const forgetful: readonly string[] = [
  "crash",
  "moveOn",
  "leave",
  "roll",
  "switchUser",
  "refuseTokens",
  "revoke",
]

/** At the end, when every connection is closed. */
export function checkTalk(ledger: TalkLedger, scenario: Scenario, counters: Counters): void {
  const { faults, operations, bounds } = scenario
  const spoilt = operations.some((operation) => "poison" in operation && operation.poison)
  const remembered = bounds?.memory.tombstones === undefined
  const certain = remembered && !spoilt && !faults.some(({ type }) => forgetful.includes(type))
  // A server that ends a session for what its client did learns nothing more of what it sent there.
  const peaceful = faults.length === 0 && !spoilt && !bounds
  for (const [client, events] of ledger.up) checkOrder(events, `the events of client ${client}`)
  const up = sumOf([...ledger.up.values()], ledger.dropped)
  checkSum(up, certain, "the clients")
  for (const [session, events] of ledger.down) {
    checkOrder(events, `the events to ${session}`)
    const strange = [...events.handled.keys()].some((known) => known !== session)
    must(!strange, "S9", () => `an event to ${session} was handled in another session`)
    const { sender } = events
    if (sender?.dead) continue
    checkSum(sumOf([events], 0), peaceful, `${sender?.name} to ${session}`)
  }
  const down = sumOf([...ledger.down.values()], 0)
  for (const asked of ledger.asked.values()) checkAsked(asked)
  count(counters, "event", up)
  count(counters, "told", down)
  for (const { operation, outcomes } of ledger.asked.values()) {
    for (const { ok, code, executed } of outcomes) {
      counters.add(`${operation.type} ${ok ? "ok" : `${code} ${executed}`}`)
    }
  }
}

interface Sum {
  readonly sent: number
  readonly handled: number
  readonly lost: number
  readonly dropped: number
}

function sumOf(all: readonly Events[], dropped: number): Sum {
  const sum = (of: (events: Events) => number) => all.reduce((total, next) => total + of(next), 0)
  return {
    sent: sum(({ sent }) => sent),
    handled: sum(({ numbers }) => numbers.length),
    lost: sum(({ lost }) => lost),
    dropped,
  }
}

function count(counters: Counters, name: string, { handled, lost, dropped }: Sum): void {
  if (handled > 0) counters.add(`${name} handled`, handled)
  if (lost > 0) counters.add(`${name} lost`, lost)
  if (dropped > 0) counters.add(`${name} dropped`, dropped)
}

/** G1: at most once, and in the order in which they were sent, in each session. S9: for their own user. */
function checkOrder({ handled, numbers, strangers }: Events, whose: string): void {
  must(strangers.length === 0, "S9", () => `of ${whose} ${strangers[0]}`)
  must(new Set(numbers).size === numbers.length, "S1", () => `of ${whose} one was handled twice`)
  for (const run of handled.values()) {
    const rising = run.every((n, index) => index === 0 || n > (run[index - 1] ?? 0))
    must(rising, "S2", () => `${whose} were handled as ${run.join(" ")}`)
  }
}

/** G4: whatever did not arrive is counted; where it is known how far each session came, exactly that. */
function checkSum({ sent, handled, lost, dropped }: Sum, exactly: boolean, whose: string): void {
  const missing = sent - handled - dropped
  const told = () => `${whose} sent ${sent}: ${handled} handled, ${dropped} dropped, ${lost} lost`
  must(missing <= lost && lost <= sent, "S18", told)
  must(!exactly || missing === lost, "S18", told)
}

/** S9: only the client that was asked answers, in the session in which it was. S1, S4: once. */
function checkAsked(asked: Asked): void {
  const { operation, session, asker, entries, outcomes } = asked
  const name = `${operation.type} ${operation.id}`
  must(entries.length <= 1, "S1", () => `${name} was entered ${entries.length} times`)
  const strange = entries.some((entry) => entry.session !== session)
  must(!strange, "S9", () => `${name} was entered in another session`)
  must(outcomes.length === 1 || asker.dead, "S4", () => `${name} has ${outcomes.length} ends`)
  checkAnswer(asked, name)
  checkExecuted(asked, name)
}

/** S2, S3: what came back is what this very run gave, all of it where that was said. */
function checkAnswer({ operation, entries, outcomes, got }: Asked, name: string): void {
  got.forEach(({ run, n, ask }, index) => {
    must(run === entries[0]?.run, "S3", () => `${name} got the result of run ${run}`)
    must(n === undefined || n === index + 1, "S2", () => `${name} saw ${n} as ${index + 1}`)
    must(ask === undefined || ask === operation.id, "S3", () => `${name} got that of ${ask}`)
  })
  const whole = outcomes[0]?.ok !== true || operation.type !== "watch"
  must(whole || got.length === operation.items, "S2", () => `${name} ended after ${got.length}`)
}

/** S5: `no` and `yes` are never wrong. */
function checkExecuted({ entries, outcomes }: Asked, name: string): void {
  const { code, executed } = outcomes[0] ?? {}
  const told = () => `${name} failed ${code} "${executed}", and was entered ${entries.length} times`
  if (executed === "no") must(entries.length === 0, "S5", told)
  if (executed === "yes")
    must(
      entries.some(({ ended }) => ended),
      "S5",
      told,
    )
  if (executed === "unknown") must(doubtful.includes(code), "S5", told)
}
