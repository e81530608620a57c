/** A page that nobody sees gets no frames; it goes on at this pace, in milliseconds. */
const unseen = 1_000

/** Resolves when the browser is about to paint. */
export function nextFrame(): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancelAnimationFrame(frame)
      clearTimeout(timer)
      resolve()
    }
    const frame = requestAnimationFrame(done)
    const timer = setTimeout(done, unseen)
  })
}
