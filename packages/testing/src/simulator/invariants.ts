/** What must hold of what callers asked for and handlers did (docs/protocol.md, "Invariants"). */

import type { CallOperation } from "./call-operation.js"
import type { Account, Ledger, Settlement, StreamRecord } from "./ledger.js"
import { checkSending, sendingDoubts } from "./sending/sending.js"
import type { StreamOperation } from "./stream-operation.js"
import { must } from "./violation.js"

/** Codes that say that nobody knows: the only ones with which `unknown` is honest. */
const doubtful: readonly (string | undefined)[] = [
  "CANCELLED",
  "TIMEOUT",
  "OUTCOME_UNKNOWN",
  "STREAM_LOST",
  "PRINCIPAL_CHANGED",
  "SLOW_CONSUMER",
  "CLOSED",
  "GAP",
  // With an earlier attempt in doubt, whatever a later one says becomes unknown.
  "BUSY",
  "REFUSED",
  "UNAVAILABLE",
  "PROTOCOL",
]

/** At the end, when everything has been settled. */
export function checkLedger(ledger: Ledger): void {
  if (ledger.noticed) throw ledger.noticed
  for (const account of ledger.accounts.values()) {
    checkEntries(account)
    checkRights(account, ledger)
    checkSettlement(account)
    const { operation } = account
    if (operation.type === "call") checkResult(account, operation)
    else if (operation.type === "send") checkSending(account, operation)
    else checkStream(account, operation)
  }
}

/** S1: at most one entry, unless the contract allows more. S9: none for another user. */
function checkEntries({ operation, entries, issuedBy }: Account): void {
  const mayRepeat =
    operation.type !== "send" && operation.procedure !== "plain" && operation.procedure !== "every"
  must(
    mayRepeat || entries.length <= 1,
    "S1",
    () => `${operation.id} was entered ${entries.length} times`,
  )
  for (const { user } of entries) {
    must(
      !issuedBy || user === issuedBy,
      "S9",
      () => `${operation.id} of ${issuedBy} ran for ${user}`,
    )
  }
}

/** S10: nothing begins for somebody whose rights were taken away. */
function checkRights({ operation, entries }: Account, { revoked }: Ledger): void {
  for (const { user, at } of entries) {
    const since = revoked.get(user) ?? Number.POSITIVE_INFINITY
    must(at <= since, "S10", () => `${operation.id} began for ${user}, who was revoked`)
  }
}

/** S4: settled once. S5: `no` and `yes` are never wrong. */
function checkSettlement({ operation, entries, settlements }: Account): void {
  const { id } = operation
  must(settlements.length === 1, "S4", () => `${id} was settled ${settlements.length} times`)
  const [settlement] = settlements
  if (!settlement || settlement.ok) return
  const { executed, code } = settlement
  if (executed === "no") {
    must(entries.length === 0, "S5", () => `${id} failed ${code} "no", and was entered`)
  }
  if (executed === "yes") {
    const ended = entries.some((entry) => entry.ended)
    must(ended, "S5", () => `${id} failed ${code} "yes", and never ended`)
  }
  if (executed === "unknown") {
    const honest =
      doubtful.includes(code) || (operation.type === "send" && sendingDoubts.includes(code))
    must(honest, "S5", () => `${id} failed ${code} "unknown"`)
  }
}

/** S3: the result is the one that a run of this very call produced. */
function checkResult({ settlements, entries }: Account, { id, poison }: CallOperation): void {
  const [settlement] = settlements
  if (!settlement?.ok) return checkPoison(settlement, id, poison)
  const { id: of, run } = Object(settlement.value)
  must(of === id, "S3", () => `${id} got the result of ${of}`)
  const entry = entries.find((known) => known.run === run)
  must(entry?.ended === true, "S3", () => `${id} got the result of run ${run}, which never ended`)
  must(!poison, "S17", () => `${id} was refused by the wire, and answered`)
}

/** S17: what the other side refuses to read is never run. */
function checkPoison(settlement: Settlement | undefined, id: number, poison: boolean): void {
  if (!poison || settlement?.code !== "PROTOCOL") return
  must(settlement.executed !== "yes", "S17", () => `${id} was refused by the wire, and ran`)
}

/** S2, S11: what the reader saw is what the delivery promises. */
function checkStream(account: Account, operation: StreamOperation): void {
  const lossless = operation.procedure !== "latest" && operation.procedure !== "conflate"
  const runs = splitRuns(account, operation)
  for (const items of runs) {
    if (lossless) checkContiguous(items, operation)
    else checkRising(items, operation)
  }
  const [settlement] = account.settlements
  const whole = settlement?.ok && account.leftAt === undefined
  if (whole) checkEnd(account, operation, runs.at(-1) ?? [], lossless)
  const threw = settlement?.code === "INTERNAL" && settlement.executed === "yes"
  if (threw) checkFailure(account, operation, runs.at(-1) ?? [])
}

/** S4: what a handler threw stands behind the items that it yielded before. */
function checkFailure(
  { seen }: Account,
  { id, items, procedure }: StreamOperation,
  last: readonly ItemRecord[],
): void {
  const lossless = procedure !== "latest" && procedure !== "conflate"
  const reached = last.at(-1)?.n ?? 0
  const whole = lossless ? last.length === items : reached === items
  must(
    whole || items === 0,
    "S4",
    () => `${id} failed after ${reached} of ${items}, ${seen.length} seen`,
  )
}

type ItemRecord = Extract<StreamRecord, { n: number }>

/** A stream begins anew only when its reader is told, where it can be told. */
function splitRuns({ seen }: Account, { id, reader }: StreamOperation): ItemRecord[][] {
  const runs: ItemRecord[][] = []
  let told = true
  for (const record of seen) {
    if ("note" in record) {
      told ||= record.note === "restarted"
      continue
    }
    const last = runs.at(-1)
    if (last?.[0]?.run === record.run) last.push(record)
    else {
      must(told || reader === "iterate", "S2", () => `${id} began anew without a word`)
      runs.push([record])
    }
    told = false
  }
  return runs
}

function checkContiguous(items: readonly ItemRecord[], { id }: StreamOperation): void {
  items.forEach(({ n }, index) => {
    must(n === index + 1, "S2", () => `${id} saw ${n} as its item ${index + 1}`)
  })
}

function checkRising(items: readonly ItemRecord[], { id, procedure }: StreamOperation): void {
  const newest = new Map<number, number>()
  for (const { n, key } of items) {
    const slot = procedure === "latest" ? 0 : key
    must(n > (newest.get(slot) ?? 0), "S11", () => `${id} saw ${n} after ${newest.get(slot)}`)
    newest.set(slot, n)
  }
}

/** A stream that ended well brought everything, or the newest of everything and an honest count. */
function checkEnd(
  { seen }: Account,
  { id, items: published, procedure, reader }: StreamOperation,
  last: readonly ItemRecord[],
  lossless: boolean,
): void {
  if (published === 0) return
  if (lossless)
    return must(last.length === published, "S2", () => `${id} ended after ${last.length}`)
  const final = last.at(-1)?.n
  must(final === published, "S11", () => `${id} ended with ${final} of ${published}`)
  if (procedure === "conflate") checkKeys(last, id, published)
  const restarted = seen.some((record) => "note" in record && record.note === "restarted")
  if (restarted || reader === "iterate") return
  const dropped = seen.reduce((sum, record) => sum + ("note" in record ? record.count : 0), 0)
  must(last.length + dropped === published, "S11", () => {
    return `${id} saw ${last.length}, was told of ${dropped} dropped, of ${published}`
  })
}

function checkKeys(last: readonly ItemRecord[], id: number, published: number): void {
  for (let n = Math.max(1, published - 2); n <= published; n++) {
    const seen = last.some((record) => record.n === n)
    must(seen, "S11", () => `${id} never saw ${n}, the newest of its key`)
  }
}
