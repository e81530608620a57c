import type { Place } from "@trunkline-example/dashboard-contract"

/** What the page has seen of numbered items: its own proof that none is missing and none came twice. */
export interface Sequence {
  readonly run: string | undefined
  /** Of this run of the server. */
  readonly first: number
  readonly last: number
  readonly missing: number
  readonly twice: number
  /** Runs of the server that were seen before. */
  readonly earlierRuns: number
  /** The stream has begun anew: it may repeat what is known. */
  readonly anew: boolean
}

export const nothingSeen: Sequence = {
  run: undefined,
  first: 0,
  last: 0,
  missing: 0,
  twice: 0,
  earlierRuns: 0,
  anew: true,
}

/** What is known after the item. The same record as before: the item brings nothing new. */
export function see(sequence: Sequence, { run, number }: Place): Sequence {
  const { run: known, last, missing, twice, earlierRuns, anew } = sequence
  if (run !== known) {
    const runs = known === undefined ? 0 : earlierRuns + 1
    return { run, first: number, last: number, missing, twice, earlierRuns: runs, anew: false }
  }
  if (number > last) {
    return { ...sequence, last: number, missing: missing + number - last - 1, anew: false }
  }
  return anew ? sequence : { ...sequence, twice: twice + 1 }
}
