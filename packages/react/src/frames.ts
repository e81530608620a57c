/**
 * When the page is painted next. What is due then is done in one go, so that React renders once for all of
 * it. A page that nobody sees gets no frames and goes on by a timer.
 */

/** Milliseconds: how often a page is brought up to date that nobody sees. */
const unseen = 1_000
/** Milliseconds: where there are no frames at all, as in a program without a screen. */
const unpainted = 16

let due = new Set<() => void>()
let disarm = (): void => {}

/** Does this when the browser is about to paint; once, however often it was asked for. */
export function atNextFrame(run: () => void): void {
  if (due.size === 0) arm()
  due.add(run)
}

export function nextFrame(): Promise<void> {
  return new Promise((resolve) => atNextFrame(resolve))
}

/** Nobody sees the page now: nothing has to wait for a frame. */
export function isUnseen(): boolean {
  return typeof document === "undefined" || document.hidden
}

function arm(): void {
  const painted = typeof requestAnimationFrame === "function"
  const timer = setTimeout(flush, painted ? unseen : unpainted)
  const frame = painted ? requestAnimationFrame(flush) : 0
  disarm = () => {
    clearTimeout(timer)
    if (painted) cancelAnimationFrame(frame)
  }
}

function flush(): void {
  disarm()
  const runs = due
  due = new Set()
  for (const run of runs) run()
}
