import type { CallOperation } from "./call-operation.js"
import { Counters } from "./counters.js"
import type { Notified } from "./network.js"
import { type Report, run } from "./run.js"
import type { Operation, Scenario } from "./scenario.js"
import { plainSend, type SendOperation } from "./sending/send-operation.js"
import type { StreamOperation } from "./stream-operation.js"
import type { TalkOperation } from "./talk/talk-operations.js"
import type { LogFault, TopicOperation } from "./topics/topic-plan.js"

/** How a line breaks: what of the messages on their way still arrives, and who hears of it. */
export interface Break {
  readonly notified: Notified
  readonly keptUp: number
  readonly keptDown: number
}

/** Breaks, each just before the message of this index is sent. */
export type Plan = readonly { readonly before: number; readonly how: Break }[]

export interface Finding {
  readonly script: string
  readonly plan: Plan
  readonly report: Report
}

export interface Survey {
  readonly runs: number
  readonly findings: readonly Finding[]
  readonly counters: Counters
}

const all = Number.MAX_SAFE_INTEGER

/** Every message on its way may be lost or arrive, each way, and either end may hear of it or not. */
export const everyBreak: readonly Break[] = (
  ["both", "client", "server", "neither"] as const
).flatMap((notified) =>
  [0, all].flatMap((keptUp) => [0, all].map((keptDown) => ({ notified, keptUp, keptDown }))),
)

/** For pairs: the breaks that differ most. */
export const fewBreaks: readonly Break[] = [
  { notified: "both", keptUp: 0, keptDown: 0 },
  { notified: "client", keptUp: all, keptDown: 0 },
]

/** Breaks each script's line before each of its messages, in each of these ways. */
export function singleDrops(breaks: readonly Break[] = everyBreak, every = 1): Promise<Survey> {
  return survey(every, function* (messages) {
    for (let before = 0; before < messages; before++) {
      for (const how of breaks) yield [{ before, how }]
    }
  })
}

/** Breaks it twice: before each message, and again before each that comes after. */
export function doubleDrops(breaks: readonly Break[] = fewBreaks, every = 1): Promise<Survey> {
  return survey(every, function* (messages) {
    for (let first = 0; first < messages; first++) {
      // After a break come the messages of a handshake, and what is sent again.
      for (let second = first + 1; second < messages + 4; second++) {
        for (const how of breaks) {
          for (const again of breaks) {
            yield [
              { before: first, how },
              { before: second, how: again },
            ]
          }
        }
      }
    }
  })
}

/** @param every of so many plans one is tried: pairs of a long script are more than CI has time for */
async function survey(every: number, plans: (messages: number) => Iterable<Plan>): Promise<Survey> {
  const findings: Finding[] = []
  const counters = new Counters()
  let runs = 0
  let planned = 0
  for (const [script, scenario] of Object.entries(scripts)) {
    const whole = await run(scenario)
    for (const plan of [[], ...plans(whole.messages)]) {
      if (planned++ % every > 0) continue
      const report = plan.length === 0 ? whole : await runBroken(scenario, plan)
      runs++
      counters.merge(report.counters)
      if (report.failure) findings.push({ script, plan, report })
    }
  }
  return { runs, findings, counters }
}

/** Runs a script whose line breaks as planned. */
export function runBroken(scenario: Scenario, plan: Plan, trace = false): Promise<Report> {
  return run(scenario, {
    trace,
    onMessage: (link, index) => {
      const due = plan.find(({ before }) => before === index)
      if (due) link.cut(due.how.notified, due.how.keptUp, due.how.keptDown)
    },
  })
}

const call = (id: number, more: Partial<CallOperation> = {}): CallOperation => ({
  type: "call",
  id,
  at: 10,
  client: 0,
  procedure: "plain",
  behaviour: "return",
  delay: 5,
  size: 0,
  timeout: undefined,
  cancelAfter: undefined,
  poison: false,
  ...more,
})

const stream = (id: number, more: Partial<StreamOperation> = {}): StreamOperation => ({
  type: "stream",
  id,
  at: 10,
  client: 0,
  procedure: "every",
  items: 6,
  gap: 3,
  size: 0,
  readerGap: 0,
  leaveAfter: undefined,
  fails: false,
  reader: "events",
  ...more,
})

const sending = (id: number, more: Partial<SendOperation> = {}): SendOperation => ({
  ...plainSend,
  id,
  ...more,
})

function script(...operations: readonly Operation[]): Scenario {
  return scriptWith([], ...operations)
}

function scriptWith(faults: Scenario["faults"], ...operations: readonly Operation[]): Scenario {
  return {
    seed: 7,
    clients: 1,
    latency: 2,
    jitter: 0,
    refusal: 0,
    handshake: 0,
    closeLoss: 0,
    tokenLife: undefined,
    grace: 120_000,
    window: 262_144,
    calls: 256,
    handlers: 512,
    sticky: true,
    calm: false,
    operations,
    faults,
    healedAt: 2_000,
  }
}

const question = {
  type: "ask",
  client: 0,
  behaviour: "return",
  delay: 5,
  timeout: undefined,
  cancelAfter: undefined,
} as const

function talking(operations: readonly TalkOperation[]): Scenario {
  return { ...script(), talk: [{ id: 0, at: 1, client: 0, type: "greet" }, ...operations] }
}

function reading(operation: Partial<TopicOperation>, ...faults: readonly LogFault[]): Scenario {
  const reader = {
    id: 300,
    at: 10,
    client: 0,
    topic: 0,
    procedure: "lenient",
    reader: "events",
  } as const
  const habits = { readerGap: 0, leaveAfter: undefined, reloadAfter: undefined }
  const operations = [{ ...reader, ...habits, ...operation }]
  const appends = [{ at: 15, topic: 0, count: 5, gap: 3, size: 0 }]
  return { ...script(), topics: { kept: [10_000], latency: 1, operations, appends, faults } }
}

/** What is broken everywhere it can be. Short, since the pairs grow with the square. */
export const scripts: Readonly<Record<string, Scenario>> = {
  "a call": script(call(1)),
  "a call while a token is shown": { ...script(call(1, { delay: 300 })), tokenLife: 400 },
  "calls of every kind": script(
    call(1),
    call(2, { procedure: "safe", at: 11 }),
    call(3, { procedure: "idempotent", at: 12 }),
  ),
  "keyed calls in sessions that are lost": {
    ...script(
      call(1, { procedure: "keyed" }),
      call(2, { procedure: "rerun", behaviour: "declared", at: 12 }),
    ),
    grace: 0,
    keys: { store: "shared", latency: 1, entries: 100 },
  },
  "a call that is cancelled": script(call(1, { behaviour: "hang", cancelAfter: 4 })),
  "a cancel that meets the result": script(call(1, { delay: 3, cancelAfter: 5 })),
  "a call that runs out of time": script(call(1, { behaviour: "ignore", timeout: 6 })),
  "calls that fail": script(
    call(1, { behaviour: "throw" }),
    call(2, { behaviour: "declared", at: 12 }),
    call(3, { behaviour: "unencodable", at: 14 }),
  ),
  "a poisoned call among others": script(
    call(1, { delay: 20 }),
    call(2, { poison: true, at: 12 }),
    call(3, { at: 14 }),
  ),
  "an input in parts": script(call(1, { size: 70_000 }), call(2, { at: 11 })),
  "a result in parts": script(call(1, { behaviour: "large" }), call(2, { at: 12 })),
  "a stream": script(stream(101)),
  "a stream that begins anew": script(stream(101, { procedure: "fresh" })),
  "a stream of the latest": script(stream(101, { procedure: "latest", readerGap: 5 })),
  "a stream that conflates": script(stream(101, { procedure: "conflate", readerGap: 5 })),
  "a stream of a topic": script(stream(101, { procedure: "pushed" })),
  "a stream that fails": script(stream(101, { fails: true })),
  "a reader who leaves": script(stream(101, { leaveAfter: 3 })),
  "a large item": script(stream(101, { items: 2, size: 70_000 })),
  "a rolling restart": scriptWith(
    [{ type: "roll", at: 14, within: 400, spread: 0 }],
    stream(101, { procedure: "fresh", items: 12, gap: 40 }),
    call(1, { delay: 100 }),
    call(2, { at: 20 }),
    call(3, { at: 500 }),
  ),
  "an upload": script(sending(201)),
  "an upload that is answered early": script(sending(201, { handler: "return", some: 1 })),
  "an upload that is cancelled": script(sending(201, { gap: 3, cancelAfter: 8 })),
  "a duplex": script(sending(201, { procedure: "duplex" })),
  "a duplex that its handler ends": script(
    sending(201, { procedure: "duplex", handler: "return", some: 1 }),
  ),
  "a stream beside calls": script(stream(101), call(1, { at: 12 }), call(2, { at: 18 })),
  "events in both directions": talking([
    { id: 1, at: 10, client: 0, type: "say", count: 4, gap: 3, size: 0 },
    { id: 2, at: 12, client: 0, type: "tell", count: 4, gap: 3, size: 0 },
  ]),
  "a server's questions": talking([
    { ...question, id: 1, at: 10 },
    { ...question, id: 2, at: 12, behaviour: "hang", cancelAfter: 5 },
  ]),
  "a server that reads a stream": talking([
    { id: 1, at: 10, client: 0, type: "watch", items: 6, gap: 3 },
  ]),
  "a log behind a page load": reading({ reloadAfter: 2, reader: "subscribe" }),
  "a state, and a log that begins anew": reading(
    { procedure: "board" },
    { at: 22, type: "renew", topic: 0 },
  ),
  "a quiet stream of a log": reading({ procedure: "filtered" }),
}
