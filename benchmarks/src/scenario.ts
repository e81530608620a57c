import type { Pair } from "./pair.js"

/** How much of everything. */
export interface Scale {
  readonly rounds: number
  /** Milliseconds of each measured stretch. */
  readonly stretch: number
  /** Operations before anything is measured; code that is called less is not compiled to its best yet. */
  readonly warmUp: number
  /** Milliseconds after which a slow contender has warmed up enough. */
  readonly warmUpAtMost: number
  /** Items of one stream. */
  readonly items: number
  /** Connections of the fan-out, and of the idle ones. */
  readonly connections: number
  /** Items of about a kilobyte, for a reader that does not read. */
  readonly flood: number
  /** Calls and events whose bytes are counted. */
  readonly counted: number
  /** Milliseconds between two looks at a server that may be held back. */
  readonly look: number
}

/** One column of the results. */
export interface Figure {
  readonly title: string
  readonly unit: string
  /** Compared with the baseline of the same round. */
  readonly ratio: boolean
  readonly digits: number
}

export type Figures = Readonly<Record<string, number>>

/** Something to measure, the same way for every contender. */
export interface Scenario {
  readonly title: string
  readonly figures: Readonly<Record<string, Figure>>
  /** New processes for every round; otherwise they stay, warm, and the rounds take turns. */
  readonly fresh: boolean
  prepare(pair: Pair, scale: Scale): Promise<void>
  measure(pair: Pair, scale: Scale): Promise<Figures>
}
