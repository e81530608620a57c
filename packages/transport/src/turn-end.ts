import { callUser } from "./call-user.js"
import type { Host } from "./host.js"

/** What is to be done at the end of the turn. */
const waiting = new WeakMap<Host, (() => void)[]>()
/** Whose turn ends with one work and no other, while that is being done. */
let alone: Host | undefined

/**
 * Has `work` done at the end of this turn: work for many sessions, each of which it takes up once
 * (`Driver.turn`). A thousand of them do not fit a processor's cache, and every look at one costs.
 */
export function atTurnEnd(host: Host, work: () => void): void {
  const works = waiting.get(host)
  if (works) return void works.push(work)
  waiting.set(host, [work])
  host.endOfTurn(() => doWorks(host))
}

/** Nobody else works at this end: what is done to a session may leave without waiting for more. */
export function endsAlone(host: Host): boolean {
  return alone === host
}

/** Does what waits, ahead of a session that sends what its turn has brought: it may be given more. */
export function doWorks(host: Host): void {
  const works = waiting.get(host)
  if (!works) return
  waiting.delete(host)
  if (works.length === 1) alone = host
  for (const work of works) callUser(work)
  alone = undefined
}
