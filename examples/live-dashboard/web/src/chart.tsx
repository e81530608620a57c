import { type ReactNode, useEffect, useRef } from "react"
import uPlot from "uplot"
import "uplot/dist/uPlot.min.css"
import { mark } from "./format.js"
import { onThemeChange } from "./theme.js"
import { timeMark, timeMarks } from "./time-marks.js"

export interface Line {
  readonly label: string
  /** A custom property of the style sheet. */
  readonly color: string
  readonly values: readonly (number | null)[]
}

export interface ChartProps {
  /** What it shows, for who cannot see it. */
  readonly label: string
  /** Seconds since 1970. */
  readonly times: readonly number[]
  readonly lines: readonly Line[]
  /** The top of the scale, where it is known. */
  readonly top: number | undefined
  readonly format: (value: number) => string
  /** The place under the pointer. */
  readonly onHover: (index: number | undefined) => void
}

/** The pointer of one chart shows in all. */
const together = "charts"
/** Seconds that a chart shows at most, and however few samples there are. */
const longest = 300
const shortest = 60

/** uPlot draws; React only brings it new values. */
export function Chart({ label, times, lines, top, format, onHover }: ChartProps): ReactNode {
  const place = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(undefined)
  const hover = useRef(onHover)
  hover.current = onHover
  const shape = lines.map(({ label, color }) => `${label} ${color}`).join()

  // biome-ignore lint/correctness/useExhaustiveDependencies: the plot is made anew for other lines only
  useEffect(() => {
    const element = place.current
    if (!element) return
    const made = new uPlot(
      options({ lines, top, format, hover: (index) => hover.current(index) }),
      dataOf(times, lines),
      element,
    )
    plot.current = made
    const resize = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: element.clientHeight }),
    )
    resize.observe(element)
    const forget = onThemeChange(() => made.redraw(false, true))
    return () => {
      resize.disconnect()
      forget()
      made.destroy()
    }
  }, [shape, top, format])

  useEffect(() => plot.current?.setData(dataOf(times, lines)), [times, lines])

  return <div className="chart" role="img" aria-label={label} ref={place} />
}

function dataOf(times: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  return [[...times], ...lines.map(({ values }) => [...values])]
}

function options({
  lines,
  top,
  format,
  hover,
}: Pick<ChartProps, "lines" | "top" | "format"> & {
  readonly hover: (index: number | undefined) => void
}): uPlot.Options {
  // As the page's letters are: larger on a wall.
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize)
  const letter = Math.round(rem * 0.72)
  const margin = letter * 1.6
  return {
    width: 300,
    height: 100,
    legend: { show: false },
    cursor: {
      sync: { key: together },
      y: false,
      drag: { x: false, y: false },
      points: { size: 6 },
    },
    padding: [letter * 0.7, margin, 0, 0],
    scales: {
      x: { range: (_, first, last) => [between(last - longest, first, last - shortest), last] },
      y: { range: (_, __, most) => [0, top ?? ceiling(most)] },
    },
    axes: [
      {
        ...axis(letter),
        size: letter * 2,
        // uPlot offers a step and the pixels that it takes: the measure of both.
        splits: (_, __, from, to, seconds, pixels) => {
          const pixel = seconds / pixels
          return timeMarks({ from, to, letter: letter * pixel, margin: margin * pixel })
        },
        values: (_, splits) => splits.map(timeMark),
        grid: { show: false },
      },
      {
        ...axis(letter),
        size: (_, marks) => (1.5 + 0.6 * longestOf(marks)) * letter,
        space: letter * 2.6,
        values: (_, splits) => splits.map(mark(format)),
      },
    ],
    series: [
      {},
      ...lines.map(({ label, color }, index) => ({
        label,
        stroke: () => paint(color),
        width: 1.5,
        spanGaps: false,
        points: { show: false },
        ...(index === 0 && { fill: () => paint(color, 0.13) }),
      })),
    ],
    hooks: {
      setCursor: [({ cursor }) => hover(cursor.idx ?? undefined)],
    },
  }
}

function axis(letter: number): uPlot.Axis {
  return {
    stroke: () => paint("--muted"),
    font: `${letter}px system-ui, sans-serif`,
    ticks: { show: false },
    grid: { stroke: () => paint("--rule"), width: 1 },
    gap: 6,
  }
}

function longestOf(marks: readonly string[] | null): number {
  return Math.max(0, ...(marks ?? []).map(({ length }) => length))
}

function between(least: number, value: number, most: number): number {
  return Math.max(least, Math.min(value, most))
}

/** Air above the line; an idle machine still has a scale. */
function ceiling(most: number | null): number {
  return most ? most * 1.15 : 1
}

/** A colour of the style sheet for the canvas, which knows no custom properties. */
function paint(property: string, opacity = 1): string {
  const color = getComputedStyle(document.documentElement).getPropertyValue(property).trim()
  if (opacity === 1) return color
  const [red, green, blue] = color.match(/[\d.]+/g) ?? []
  return `rgb(${red} ${green} ${blue} / ${opacity})`
}
