/** Seconds between two marks, finest first. */
const steps = [10, 15, 30, 60, 120]
/** What a letter of a mark takes at most, as a share of its height. */
const letterWidth = 0.6
/** Kept free between two marks, in heights of a letter. */
const gap = 1

/** The part of time that a chart shows; all in seconds. */
export interface Span {
  readonly from: number
  readonly to: number
  /** As long as a letter is high. */
  readonly letter: number
  /** A mark may reach this far beyond the end. */
  readonly margin: number
}

/**
 * The times to write below a chart: as many as have room, and two at least. A round step can leave a short
 * chart with a single mark, or with none; then the first and the last of a finer step stand alone.
 */
export function timeMarks(span: Span): number[] {
  const rows = steps.map((step) => marksOf(step, span))
  const pairs = [...rows].reverse().map(ends)
  return [...rows, ...pairs].find((marks) => marks.length > 1 && haveRoom(marks, span)) ?? []
}

/** 15:24, or 15:24:30 where it is no full minute. */
export function timeMark(seconds: number): string {
  const date = new Date(seconds * 1_000)
  const two = (number: number): string => String(number).padStart(2, "0")
  const [hour, minute, second] = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two)
  return second === "00" ? `${hour}:${minute}` : `${hour}:${minute}:${second}`
}

/** Those of a step that are not cut off at the end. To the left there is the other axis, with room enough. */
function marksOf(step: number, span: Span): number[] {
  const { from, to, margin } = span
  const first = Math.ceil(from / step) * step
  const count = Math.max(0, Math.floor((to - first) / step) + 1)
  const marks = Array.from({ length: count }, (_, index) => first + index * step)
  return marks.filter((mark) => mark + half(mark, span) <= to + margin)
}

function ends(marks: readonly number[]): number[] {
  return marks.filter((_, index) => index === 0 || index === marks.length - 1)
}

function haveRoom(marks: readonly number[], span: Span): boolean {
  return marks.every((mark, index) => {
    const next = marks[index + 1]
    if (next === undefined) return true
    return next - mark >= half(mark, span) + half(next, span) + gap * span.letter
  })
}

function half(mark: number, { letter }: Span): number {
  return (timeMark(mark).length * letterWidth * letter) / 2
}
