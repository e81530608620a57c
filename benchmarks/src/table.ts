import type { ContenderName } from "./contenders/index.js"
import { middle, type Ratio, type Results, ratioOf, triersOf } from "./results.js"
import { scenarios } from "./scenarios/index.js"

type Row = readonly string[]

/** One scenario for the terminal: what was measured, and its ratio to the baseline. */
export function scenarioTable(name: string, outcomes: Results["scenarios"][string]): string {
  const figures = Object.entries(scenarios[name]?.figures ?? {})
  const head = figures.flatMap(([, { title, unit, ratio }]) =>
    ratio ? [`${title} ${unit}`, "÷ base", "from–to"] : [`${title} ${unit}`],
  )
  const rows = triersOf(outcomes).map((contender): Row => {
    if (outcomes[contender]?.error !== undefined) return [contender, "failed"]
    const cells = figures.flatMap(([key, { digits, ratio }]) => {
      const value = formatNumber(middle(outcomes[contender], key), digits)
      if (!ratio) return [value]
      const compared = ratioOf(outcomes, contender, key)
      return [value, formatRatio(compared.median), rangeOf(compared)]
    })
    return [contender, ...cells]
  })
  return plainTable([["", ...head], ...rows])
}

export function bundleTable({ bundles }: Results): string {
  return plainTable([
    ["", "minified B", "min + gzip B"],
    ...Object.entries(bundles).map(([name, { minified, gzipped }]) => [
      name,
      formatNumber(minified, 0),
      formatNumber(gzipped, 0),
    ]),
  ])
}

/** Three figures that count, and no more than were measured. */
export function formatRatio(ratio: number): string {
  if (!Number.isFinite(ratio)) return "–"
  return ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2)
}

export function formatNumber(value: number, digits: number): string {
  if (!Number.isFinite(value)) return "–"
  return value.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
}

export function rangeOf({ least, most }: Ratio): string {
  return `${formatRatio(least)}–${formatRatio(most)}`
}

export function ratioCell(
  outcomes: Results["scenarios"][string] | undefined,
  name: ContenderName,
  figure: string,
): string {
  if (!outcomes?.[name]) return "–"
  if (outcomes[name].error !== undefined) return "failed"
  return formatRatio(ratioOf(outcomes, name, figure).median)
}

/** Columns as wide as they have to be, numbers to the right. */
function plainTable(rows: readonly Row[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  )
  return rows
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join("  "),
    )
    .join("\n")
}
