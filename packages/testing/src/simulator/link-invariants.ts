/** What must hold of the sockets of a run (docs/protocol.md, "Invariants"). */
import * as closeCodes from "@trunkline/protocol/close-codes"
import type { Counters } from "./counters.js"
import type { Farewell, Link } from "./network.js"
import type { Scenario } from "./scenario.js"
import { must } from "./violation.js"

/** L2: half-open lines are found within this. */
export const noticeWithin = 46_000
/** L4: backoff lets a few attempts come in a row, and then about so many milliseconds pass between two. */
const attemptsAtOnce = 40
const attemptEvery = 500

/** L2: a dead line is noticed in time, and a live one is never given up. */
export function checkNoticed(
  links: readonly Link[],
  { faults }: Scenario,
  counters: Counters,
): void {
  const frozen = faults.some(({ type }) => type === "freeze")
  for (const link of links) {
    const { swallowedAt, closedByClient, closedByServer, faulty } = link
    const silent = closedByClient?.reason === "silent" || closedByServer?.reason === "silent"
    must(!silent || faulty || frozen, "L2", () => "a live line was given up")
    if (silent) counters.add("silence noticed")
    if (swallowedAt === undefined || closedByClient === undefined || frozen) continue
    const after = closedByClient.at - Math.max(swallowedAt, lastSign(link))
    must(after <= noticeWithin, "L2", () => `a dead line was noticed after ${after} ms`)
  }
}

/**
 * What its client may go by. While only what it says is lost, it is the server that hears nothing, and closes;
 * when both ways are dead, one after the other, silence begins with the last that was heard.
 */
function lastSign({ stalledUntil, heardAt, mute }: Link): number {
  return Math.max(stalledUntil, mute ? heardAt : 0)
}

/** L4: nobody hammers at a server that is not there, and no two sockets take a session from another. */
export function checkAttempts(links: readonly Link[], clients: number, now: number): void {
  const most = attemptsAtOnce * clients + now / attemptEvery
  must(links.length <= most, "L4", () => `${links.length} attempts to connect`)
}

/** S9: of two sockets that come for one session the later has it, whichever is heard first. */
export function checkTakeovers(links: readonly Link[]): void {
  for (const [index, { client, closedByServer }] of links.entries()) {
    if (closedByServer?.code !== closeCodes.SUPERSEDED) continue
    if (closedByServer.reason === "another user") continue
    const later = links
      .slice(index + 1)
      .some((link) => link.client === client && link.createdAt <= closedByServer.at)
    must(later, "S9", () => "a session was taken from its newest socket")
  }
}

/**
 * S17: whatever is refused as a breach was spoilt on purpose, and ends one session; one more with each
 * server that died, since only its memory tells which frame it was. One that remembers few sessions
 * is as one that died.
 *
 * @param servers how many there were, one after another
 */
export function checkBreaches(
  links: readonly Link[],
  { bounds, operations }: Scenario,
  servers: number,
): void {
  if (bounds?.memory.tombstones !== undefined) return
  const farewells = links.flatMap((link) => [link.closedByClient, link.closedByServer])
  const breaches = farewells.filter((farewell) => farewell?.code === closeCodes.PROTOCOL)
  const poisons = operations.filter((operation) => operation.type === "call" && operation.poison)
  const most = poisons.length === 0 ? 0 : poisons.length + servers - 1
  must(breaches.length <= most, "S17", () => {
    const { reason } = breaches.at(-1) ?? {}
    return `${breaches.length} breaches, ${poisons.length} spoilt calls: ${reason}`
  })
}

export function countEndings(links: readonly Link[], counters: Counters): void {
  for (const { closedByServer, closedByClient } of links) {
    if (closedByServer) counters.add(`closed by the server ${describe(closedByServer)}`)
    if (closedByClient) counters.add(`closed by the client ${closedByClient.code}`)
    if (closedByClient?.reason === "not needed") counters.add("third session not needed")
  }
}

/** Whoever takes a session from another is told apart from who comes too late for it. */
function describe({ code, reason }: Farewell): string {
  return code === closeCodes.SUPERSEDED ? `${code}, ${reason}` : String(code)
}
