import { describe, expect, it } from "vitest"
import { timeMark, timeMarks } from "./time-marks.js"

/** A full hour, wherever the clock stands. */
const hour = 1_700_000_000 - (1_700_000_000 % 3_600)

describe("the times below a chart", () => {
  it("stand at each full minute where there is room", () => {
    expect(labels({ from: hour, length: 300, width: 350 })).toEqual(
      expect.arrayContaining([":00", ":01", ":02", ":03", ":04"]),
    )
  })

  it("stand at parts of a minute in a short time", () => {
    expect(labels({ from: hour, length: 60, width: 350 })).toEqual([
      ":00",
      ":00:15",
      ":00:30",
      ":00:45",
      ":01",
    ])
  })

  it("leave minutes out where the chart is narrow", () => {
    expect(labels({ from: hour - 1, length: 300, width: 200 })).toEqual([":00", ":02", ":04"])
  })

  it("are two even where the steps that have room meet the chart only once", () => {
    const marks = timeMarks(span({ from: hour - 59, length: 118, width: 135 }))
    expect(marks.map((mark) => mark - hour)).toEqual([-30, 30])
  })

  it("are two at least and never touch, however long, narrow and late the chart is", () => {
    const bad: Chart[] = []
    for (const width of [100, 130, 156, 200, 262, 350, 900]) {
      for (let length = 60; length <= 300; length += 3) {
        for (let late = 0; late < 120; late += 2.5) {
          const chart = { from: hour + late, length, width }
          const boxes = timeMarks(span(chart)).map((mark) => boxOf(mark, chart))
          const cut = boxes.some(({ right }) => right > width + margin)
          if (boxes.length < 2 || leastGap(boxes) < letter / 2 || cut) bad.push(chart)
        }
      }
    }
    expect(bad).toEqual([])
  })
})

interface Chart {
  readonly from: number
  readonly length: number
  /** In pixels. */
  readonly width: number
}

/** In pixels, as the page has them at its smallest. */
const letter = 11
const margin = 18

function span({ from, length, width }: Chart) {
  const pixel = length / width
  return { from, to: from + length, letter: letter * pixel, margin: margin * pixel }
}

/** The minutes alone, as hours differ with the clock. */
function labels(chart: Chart): readonly string[] {
  return timeMarks(span(chart)).map((mark) => timeMark(mark).slice(2))
}

/** Where a mark stands, in pixels. A digit of a wide font takes 0.64 of its height, a colon half. */
function boxOf(mark: number, { from, length, width }: Chart) {
  const middle = ((mark - from) / length) * width
  const text = timeMark(mark)
  const colons = text.split(":").length - 1
  const half = ((text.length - colons / 2) * 0.64 * letter) / 2
  return { left: middle - half, right: middle + half }
}

function leastGap(boxes: readonly { left: number; right: number }[]): number {
  const gaps = boxes.slice(1).map(({ left }, index) => left - (boxes[index]?.right ?? left))
  return Math.min(...gaps)
}
