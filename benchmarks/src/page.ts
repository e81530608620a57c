import { type ContenderName, contenders } from "./contenders/index.js"
import { median } from "./median.js"
import { failuresOf, middle, type Results, ratioOf, triersOf } from "./results.js"
import { scenarios } from "./scenarios/index.js"
import { formatNumber, rangeOf, ratioCell } from "./table.js"

/** `docs/benchmarks.md`, whole: written by `npm run bench -- --write`, from the results that are kept. */
export function pageOf(all: readonly Results[]): string {
  return `${[opening, ...all.map(sectionOf), method].join("\n\n")}\n`
}

const opening = `# Benchmarks

Trunkline beside a hand-written client and server, tRPC, oRPC and Socket.IO. \`npm run bench\` measures it all,
\`npm run bench -- --help\` says how to measure less. This page is written by \`npm run bench -- --write\`.

Read the ratios, not the absolute figures: the machine is a small one, and it is noisy.`

/** Rows of the summary: a scenario's figure as a multiple of the baseline's. */
const summary = [
  ["calls, 1 connection × 100 in flight: capacity", "calls-1", "capacity"],
  ["calls, 10 connections × 50 in flight: capacity", "calls-10", "capacity"],
  ["one stream: capacity", "stream", "capacity"],
  ["fan-out, one event at a time: capacity", "fan-out-1", "capacity"],
  ["fan-out, ten events at a time: capacity", "fan-out-10", "capacity"],
  ["one call at a time: median latency (less is better)", "latency", "p50"],
  ["one call at a time: CPU of both sides (less is better)", "latency", "cpu"],
] as const

function sectionOf(results: Results): string {
  const names = contendersOf(results)
  const parts = [
    `## Node ${results.node.replace("v", "")}, ${results.date}`,
    `${results.machine}. ${versionsOf(results)}`,
    markdown(
      ["÷ the hand-written one", ...names.map((name) => contenders[name].title)],
      summary
        .filter(([, scenario]) => results.scenarios[scenario])
        .map(([title, scenario, figure]) => {
          const outcomes = results.scenarios[scenario]
          return [title, ...names.map((name) => ratioCell(outcomes, name, figure))]
        }),
    ),
    noiseOf(results),
    ...failuresOf(results).map((failure) => `Failed: ${failure}.`),
    ...Object.entries(results.scenarios).map(([name, outcomes]) => scenarioOf(name, outcomes)),
    bundlesOf(results),
  ]
  return parts.filter((part) => part !== "").join("\n\n")
}

function contendersOf({ scenarios: measured, bundles }: Results): readonly ContenderName[] {
  const all = Object.values(measured).flatMap(triersOf)
  const names = new Set([...all, ...triersOf(bundles)])
  return triersOf(Object.fromEntries([...names].map((name) => [name, true])))
}

function versionsOf({ versions, pinned, scale }: Results): string {
  const list = Object.entries(versions).map(([name, version]) => `\`${name}\` ${version}`)
  const place = pinned ? ", each process on a processor of its own" : ""
  return `Medians of ${scale.rounds} rounds${place}. ${list.join(", ")}.`
}

/** How far the rounds lay apart, for a reader who wonders what a difference means. */
function noiseOf({ scenarios: measured }: Results): string {
  const spreads = Object.entries(measured).flatMap(([name, outcomes]) =>
    Object.entries(scenarios[name]?.figures ?? {}).flatMap(([figure, { ratio }]) => {
      const { least, most, median: middleRatio } = ratioOf(outcomes, "trunkline", figure)
      const spread = (most - least) / middleRatio
      return ratio && figure === "capacity" && Number.isFinite(spread) ? [spread] : []
    }),
  )
  if (spreads.length === 0) return ""
  const half = formatNumber(median(spreads) * 50, 0)
  const worst = formatNumber(Math.max(...spreads) * 50, 0)
  return `Noise: Trunkline's capacity ratio of a single round lay within ± ${half} % in the middle scenario, and
within ± ${worst} % in the worst. Differences below that mean nothing.`
}

function scenarioOf(name: string, outcomes: Results["scenarios"][string]): string {
  const scenario = scenarios[name]
  if (!scenario) return ""
  const figures = Object.entries(scenario.figures)
  const head = figures.flatMap(([, { title, unit, ratio }]) =>
    ratio ? [`${title}, ${unit}`, "÷", "rounds"] : [`${title}, ${unit}`],
  )
  const rows = triersOf(outcomes).map((contender) => [
    contenders[contender].title,
    ...figures.flatMap(([key, { digits, ratio }]) => {
      const value = formatNumber(middle(outcomes[contender], key), digits)
      if (!ratio) return [value]
      const compared = ratioOf(outcomes, contender, key)
      return [value, ratioCell(outcomes, contender, key), rangeOf(compared)]
    }),
  ])
  return `### ${capital(scenario.title)}\n\n${markdown(["", ...head], rows)}`
}

function bundlesOf({ bundles }: Results): string {
  const rows = triersOf(bundles).map((name) => [
    contenders[name].title,
    formatNumber((bundles[name]?.minified ?? Number.NaN) / 1e3, 1),
    formatNumber((bundles[name]?.gzipped ?? Number.NaN) / 1e3, 1),
  ])
  if (rows.length === 0) return ""
  const table = markdown(["", "minified, kB", "minified and gzipped, kB"], rows)
  return `### Client in a page\n\nBundled by esbuild for browsers, without the schemas where that is possible.\n\n${table}`
}

function markdown(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`
  const rule = head.map((_, column) => (column === 0 ? "---" : "---:"))
  return [line(head), line(rule), ...rows.map(line)].join("\n")
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

const who = markdown(
  ["", "checks", "after a cut", "slow reader holds the source back"],
  Object.values(contenders).map(({ title, validates, resumes, holdsBack }) => [
    title,
    validates,
    resumes,
    holdsBack,
  ]),
)

const method = `## How it is measured

- Server and client are separate processes, ${"`127.0.0.1`"} between them. All contenders of a scenario run at the
  same time but work one after the other, in short stretches by turns: a round is one stretch of each. What
  disturbs the machine so disturbs all of them, and a ratio compares stretches of one round.
- *Capacity* is the number of operations divided by the processor seconds of the side that used more of them:
  what one core of the busier side is enough for. It is steadier than a rate by the clock, which is given beside it.
- Every contender moves the same values through the same handlers, over \`ws\` at both ends, without compression,
  with its options as they are. What arrives is compared with what was sent: an item lost, repeated or out of
  order is a failure, not a fast result.
- Before anything is measured a scenario warms up: for up to 300,000 operations, since code is compiled to its best
  only after very many calls.
- A call takes and returns \`{ seq, name, value }\`, about 60 bytes of JSON. A stream's source is an async generator
  that never waits. Fan-out goes to 1,000 connections, and the next publication waits until all have the last one.
- Bytes are counted at the server's sockets: WebSocket framing and acknowledgements are in them.
- The reader that does not read is a client process that is stopped while the server's source has 200 MB to give.
- Memory is the server's resident memory after a collection; idle connections are 1,000, on top of 100.

What to keep in mind:

${who}

- The hand-written one is the least that works: ids, a map of promises, JSON. It has no errors, no time limits,
  no way back after a cut, and it keeps in memory whatever a reader does not take.
- Each fan-out of tRPC, oRPC and Socket.IO uses what its manual shows: an event emitter, the event publisher, a room.
- Nothing here says how they behave over a real network or behind a proxy. What a small call waits beside large values is
  measured of Trunkline alone, on both codecs, by \`pnpm run bulk\` in \`benchmarks\`: see [Performance](performance.md).`
