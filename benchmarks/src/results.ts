import { cpus } from "node:os"
import type { BundleSize } from "./bundle.js"
import { type ContenderName, contenderNames } from "./contenders/index.js"
import { median } from "./median.js"
import type { Figures, Scale } from "./scenario.js"

/** What one contender did in one scenario: its figures by round, or why there are none. */
export interface Outcome {
  readonly rounds: readonly Figures[]
  readonly error?: string
}

/** A whole run, as it is kept. */
export interface Results {
  readonly date: string
  readonly node: string
  readonly machine: string
  /** Processes had a processor of their own. */
  readonly pinned: boolean
  readonly scale: Scale
  readonly versions: Readonly<Record<string, string>>
  readonly bundles: Partial<Record<ContenderName, BundleSize>>
  /** By the scenario's name. */
  readonly scenarios: Record<string, Partial<Record<ContenderName, Outcome>>>
}

/** Without a path, a host name or anything else that is nobody's business. */
export function describeMachine(): string {
  const [first] = cpus()
  return `${cpus().length} × ${first?.model.trim() ?? process.arch}, ${process.platform} ${process.arch}`
}

/** Over all rounds. */
export function middle(outcome: Outcome | undefined, figure: string): number {
  return median((outcome?.rounds ?? []).flatMap((figures) => figures[figure] ?? []))
}

/** A figure as a multiple of the baseline's, each round by itself. */
export interface Ratio {
  readonly median: number
  readonly least: number
  readonly most: number
}

export function ratioOf(
  outcomes: Results["scenarios"][string],
  name: ContenderName,
  figure: string,
): Ratio {
  const base = outcomes.base?.rounds ?? []
  const ratios = (outcomes[name]?.rounds ?? []).flatMap((figures, round) => {
    const ratio = (figures[figure] ?? Number.NaN) / (base[round]?.[figure] ?? Number.NaN)
    return Number.isNaN(ratio) ? [] : [ratio]
  })
  return { median: median(ratios), least: Math.min(...ratios), most: Math.max(...ratios) }
}

/** Everybody who tried. */
export function triersOf(
  outcomes: Partial<Record<ContenderName, unknown>>,
): readonly ContenderName[] {
  return contenderNames.filter((name) => outcomes[name])
}

export function failuresOf({ scenarios }: Results): readonly string[] {
  return Object.entries(scenarios).flatMap(([scenario, outcomes]) =>
    triersOf(outcomes).flatMap((name) => {
      const error = outcomes[name]?.error
      return error === undefined ? [] : [`${scenario}, ${name}: ${error}`]
    }),
  )
}
