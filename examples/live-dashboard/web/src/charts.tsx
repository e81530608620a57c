import type { Machine, Sample } from "@trunkline-example/dashboard-contract"
import { memo, type ReactNode, useMemo, useState } from "react"
import { Chart } from "./chart.js"
import { Cores } from "./cores.js"
import { bytes, percent, rate } from "./format.js"
import { Ended, Panel } from "./panel.js"
import { chartLength, useSamples } from "./streams.js"

interface Trace {
  readonly label: string
  readonly color: string
  readonly of: (sample: Sample) => number | undefined
}

interface Card {
  readonly name: string
  readonly title: string
  readonly traces: readonly [Trace, ...Trace[]]
  readonly format: (value: number) => string
  /** The scale's top, where there is one. */
  readonly top?: (sample: Sample) => number
  /** What the system may not tell. */
  readonly missing?: Machine["missing"][number]
}

const cards: readonly Card[] = [
  {
    name: "cpu",
    title: "CPU",
    traces: [{ label: "Busy", color: "--first", of: ({ cpu }) => cpu }],
    format: percent,
    top: () => 100,
  },
  {
    name: "memory",
    title: "Memory",
    traces: [{ label: "Used", color: "--first", of: ({ memory }) => memory.used }],
    format: bytes,
    top: ({ memory }) => memory.total,
  },
  {
    name: "load",
    title: "Load",
    traces: [
      { label: "1 min", color: "--first", of: ({ load }) => load?.[0] },
      { label: "5 min", color: "--second", of: ({ load }) => load?.[1] },
      { label: "15 min", color: "--third", of: ({ load }) => load?.[2] },
    ],
    format: (value) => value.toFixed(2),
    missing: "load",
  },
  {
    name: "network",
    title: "Network",
    traces: [
      { label: "In", color: "--first", of: ({ network }) => network?.in },
      { label: "Out", color: "--second", of: ({ network }) => network?.out },
    ],
    format: rate,
    missing: "network",
  },
  {
    name: "disk",
    title: "Disk",
    traces: [
      { label: "Read", color: "--first", of: ({ disk }) => disk?.read },
      { label: "Written", color: "--second", of: ({ disk }) => disk?.written },
    ],
    format: rate,
    missing: "disk",
  },
]

const nothing = { items: [] }

/** The last minutes, one chart for each thing that is measured. */
export function Charts({ machine }: { readonly machine: Machine | undefined }): ReactNode {
  const view = useSamples()
  const { items } = view.data ?? nothing
  const rows = useMemo(() => withBreaks(items), [items])
  const [hovered, setHovered] = useState<number>()
  const shown = (hovered === undefined ? undefined : rows[hovered]?.sample) ?? items.at(-1)
  return (
    <div className="charts">
      <Ended view={view} />
      {cards.map((card) => (
        <ChartCard
          key={card.name}
          card={card}
          rows={rows}
          shown={shown}
          missing={card.missing !== undefined && machine?.missing.includes(card.missing) === true}
          onHover={setHovered}
        />
      ))}
    </div>
  )
}

interface ChartCardProps {
  readonly card: Card
  readonly rows: readonly Row[]
  /** The sample under the pointer, or else the newest. */
  readonly shown: Sample | undefined
  readonly missing: boolean
  readonly onHover: (index: number | undefined) => void
}

const ChartCard = memo(({ card, rows, shown, missing, onHover }: ChartCardProps): ReactNode => {
  const { name, title, traces, format, top } = card
  const times = useMemo(() => rows.map(({ at }) => at / 1_000), [rows])
  const lines = useMemo(
    () =>
      traces.map(({ label, color, of }) => ({
        label,
        color,
        values: rows.map(({ sample }) => (sample && of(sample)) ?? null),
      })),
    [rows, traces],
  )
  const told = traces.map(({ label, color, of }) => {
    const value = shown && of(shown)
    return { label, color, text: value === undefined ? "–" : format(value) }
  })
  const summary = told.map(({ label, text }) => `${label} ${text}`).join(", ")
  return (
    <Panel title={title} className={`card card-${name}`} aside={<Figures told={told} />}>
      {missing ? (
        <p className="absent">This system does not tell.</p>
      ) : (
        <Chart
          label={`${title} over the last minutes. ${summary}`}
          times={times}
          lines={lines}
          top={shown && top?.(shown)}
          format={format}
          onHover={onHover}
        />
      )}
      {name === "cpu" && <Cores />}
    </Panel>
  )
})

function Figures({
  told,
}: {
  readonly told: readonly { label: string; color: string; text: string }[]
}): ReactNode {
  return (
    <dl className="figures">
      {told.map(({ label, color, text }) => (
        <div key={label}>
          <dt>
            <i className="swatch" style={{ background: `var(${color})` }} />
            {label}
          </dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  )
}

interface Row {
  readonly at: number
  /** Left out: nothing was measured here, and the line breaks. */
  readonly sample: Sample | undefined
}

/** Between two runs of the server nothing was measured: no line pretends that there was. */
function withBreaks(items: readonly Sample[]): readonly Row[] {
  const rows: Row[] = []
  let run = items[0]?.run
  for (const sample of items.slice(-chartLength)) {
    if (sample.run !== run) rows.push({ at: sample.at - 1, sample: undefined })
    rows.push({ at: sample.at, sample })
    run = sample.run
  }
  return rows
}
