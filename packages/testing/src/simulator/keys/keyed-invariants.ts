import { reissues } from "@trunkline/protocol/limits"
import type { CallOperation } from "../call-operation.js"
import type { Account, Ledger } from "../ledger.js"
import type { Scenario } from "../scenario.js"
import { must } from "../violation.js"

/** Faults by which a lease may run out while its owner is none the wiser. */
const lapsing: readonly string[] = [
  "crash",
  "leave",
  "roll",
  "freeze",
  "storeDown",
  "storeSlow",
  "storeWipe",
  "sleep",
]

/** Faults that cost a keyed call a session and nothing else. */
const harmless: readonly string[] = ["cut", "swallow", "stall", "offline", "lateHello"]

/**
 * Whether a shared store knows of every keyed call what became of it: nothing befell it or those who use it,
 * and no call was issued again too often.
 */
function isKnown({ keys, faults, operations, bounds, handlers }: Scenario): boolean {
  const poisoned = operations.some((operation) => operation.type === "call" && operation.poison)
  const mild = faults.every(
    (fault) => harmless.includes(fault.type) || (fault.type === "moveOn" && fault.frozenFor === 0),
  )
  const roomy = keys?.store === "shared" && keys.entries > operations.length
  const busy = bounds !== undefined || handlers < operations.length
  return mild && roomy && !busy && !poisoned && faults.length <= reissues
}

/** What must hold of calls with an idempotency key, once everything has been settled. */
export function checkKeyed(ledger: Ledger, scenario: Scenario): void {
  const mayLapse = scenario.faults.some(
    (fault) => lapsing.includes(fault.type) || (fault.type === "moveOn" && fault.frozenFor > 0),
  )
  for (const account of ledger.accounts.values()) {
    const { operation } = account
    if (operation.type !== "call" || !isKeyed(operation)) continue
    checkCall(account, operation, mayLapse)
    if (isKnown(scenario)) checkKnown(account)
  }
}

/** S5: `unknown` only where nobody can know. */
function checkKnown({ settlements, operation }: Account): void {
  const unknown = settlements.some(({ code }) => code === "OUTCOME_UNKNOWN")
  must(!unknown, "S5", () => `${operation.id} is unknown, and its store knows`)
}

function isKeyed({ procedure }: CallOperation): boolean {
  return procedure === "keyed" || procedure === "rerun"
}

function checkCall(account: Account, operation: CallOperation, mayLapse: boolean): void {
  const { entries, settlements, commits } = account
  const { id, procedure } = operation
  const mayRepeat = procedure === "rerun" && mayLapse
  must(mayRepeat || entries.length <= 1, "S1", () => `${id} was entered ${entries.length} times`)
  const keys = new Set(commits.map(({ key }) => key))
  must(keys.size <= 1, "S1", () => `${id} committed under ${keys.size} keys`)
  const [settlement] = settlements
  if (settlement?.ok) {
    const { run } = Object(settlement.value)
    const committed = commits.some((commit) => commit.run === run)
    must(committed, "S3", () => `${id} was told of run ${run}, which committed nothing`)
  }
  if (settlement?.executed === "yes") {
    const told = outcomesOf(operation)
    must(told.includes(settlement.code ?? ""), "S3", () => `${id} was told ${settlement.code}`)
  }
}

/** With which codes a run of this may end. */
function outcomesOf({ behaviour }: CallOperation): readonly string[] {
  switch (behaviour) {
    case "throw":
      return ["INTERNAL"]
    case "declared":
      return ["DECLARED"]
    case "reserved":
      return ["UNAVAILABLE"]
    case "unencodable":
      return ["UNENCODABLE"]
    default:
      return ["RESULT_LOST"]
  }
}
