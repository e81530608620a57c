import type { Report } from "./run.js"
import type { Operation, Scenario } from "./scenario.js"
import { plainerSends } from "./sending/send-operation.js"
import type { TopicPlan } from "./topics/topic-plan.js"
import { Violated } from "./violation.js"

/** Runs that making a scenario smaller may take. */
const mostAttempts = 600

/** What failed, so that a smaller scenario which fails in another way is not taken for it. */
function symptomOf({ failure }: Report): string | undefined {
  return failure instanceof Violated ? failure.invariant : failure?.message
}

/**
 * Makes a scenario that fails smaller as long as it fails in the same way: fewer faults and operations
 * first, then plainer ones.
 */
export async function shrink(
  failed: Report,
  run: (scenario: Scenario) => Promise<Report>,
): Promise<Report> {
  const symptom = symptomOf(failed)
  let smallest = failed
  let attempts = 0
  for (let improved = true; improved && attempts < mostAttempts; ) {
    improved = false
    for (const candidate of smallerThan(smallest.scenario)) {
      if (attempts++ >= mostAttempts) break
      const report = await run(candidate)
      if (symptomOf(report) !== symptom) continue
      smallest = report
      improved = true
      break
    }
  }
  return smallest
}

function* smallerThan(scenario: Scenario): Generator<Scenario> {
  for (const faults of without(scenario.faults)) yield { ...scenario, faults }
  for (const operations of without(scenario.operations)) yield { ...scenario, operations }
  if (scenario.talk) {
    yield { ...scenario, talk: undefined }
    for (const talk of without(scenario.talk)) yield { ...scenario, talk }
  }
  if (scenario.topics) {
    yield { ...scenario, topics: undefined }
    for (const topics of fewerOf(scenario.topics)) yield { ...scenario, topics }
  }
  const readers = scenario.topics?.operations ?? []
  if (
    scenario.clients > 1 &&
    [...scenario.operations, ...readers].every(({ client }) => client === 0)
  ) {
    yield { ...scenario, clients: 1 }
  }
  for (const [name, plain] of plainWeather) {
    if (scenario[name] !== plain) yield { ...scenario, [name]: plain }
  }
  for (const [index, operation] of scenario.operations.entries()) {
    for (const plainer of plainerThan(operation)) {
      yield { ...scenario, operations: replaced(scenario.operations, index, plainer) }
    }
  }
}

function* fewerOf(plan: TopicPlan): Generator<TopicPlan> {
  for (const operations of without(plan.operations)) yield { ...plan, operations }
  for (const faults of without(plan.faults)) yield { ...plan, faults }
  for (const appends of without(plan.appends)) yield { ...plan, appends }
}

function replaced<T>(list: readonly T[], index: number, value: T): readonly T[] {
  return list.map((known, at) => (at === index ? value : known))
}

const plainWeather: readonly (readonly [keyof Scenario, number])[] = [
  ["jitter", 0],
  ["refusal", 0],
  ["handshake", 0],
  ["closeLoss", 0],
  ["latency", 1],
  ["grace", 120_000],
  ["window", 262_144],
  ["calls", 256],
  ["handlers", 512],
]

/** Lists with a half of this one left out, then with one thing left out. */
function* without<T>(list: readonly T[]): Generator<readonly T[]> {
  const half = list.length >> 1
  if (half > 0) {
    yield list.slice(half)
    yield list.slice(0, half)
  }
  for (let index = 0; index < list.length; index++) yield list.filter((_, at) => at !== index)
}

function* plainerThan(operation: Operation): Generator<Operation> {
  if (operation.client > 0) yield { ...operation, client: 0 }
  if (operation.size > 0) yield { ...operation, size: 0 }
  if (operation.type === "call") {
    if (operation.delay > 0) yield { ...operation, delay: 0 }
    if (operation.timeout !== undefined) yield { ...operation, timeout: undefined }
    if (operation.cancelAfter !== undefined) yield { ...operation, cancelAfter: undefined }
    if (operation.behaviour !== "return") yield { ...operation, behaviour: "return" }
  } else if (operation.type === "send") yield* plainerSends(operation)
  else {
    if (operation.items > 3) yield { ...operation, items: operation.items >> 1 }
    if (operation.readerGap > 0) yield { ...operation, readerGap: 0 }
    if (operation.gap > 0) yield { ...operation, gap: 0 }
    if (operation.fails) yield { ...operation, fails: false }
    if (operation.leaveAfter !== undefined) yield { ...operation, leaveAfter: undefined }
  }
}
