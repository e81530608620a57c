import { isCursor } from "@trunkline/protocol"
import type { BrokerStep } from "../broker/broker.js"
import { FeedEntry, type KeyOf } from "./feed-entry.js"
import { FeedGap, type Slot } from "./ring.js"

/**
 * What a broker's step adds behind `tip`. The broker has to prove that its entries follow on one another,
 * and whatever it does not prove is a gap here, as is an entry that cannot be read. The one at the tip
 * adds nothing when it comes again.
 */
export function linked(step: BrokerStep, tip: string, keyOf: KeyOf | undefined): readonly Slot[] {
  const cursor = checkedCursor(step.cursor)
  if ("gap" in step) return [new FeedGap(cursor)]
  if (cursor === tip) return []
  const slot = FeedEntry.of(step, keyOf) ?? new FeedGap(cursor)
  return step.prev === tip ? [slot] : [new FeedGap(checkedCursor(step.prev)), slot]
}

/** Throws for a cursor that no session could carry. */
export function checkedCursor(cursor: string): string {
  if (isCursor(cursor)) return cursor
  throw new TypeError("the broker's cursor is none")
}
