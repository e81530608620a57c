interface Entry {
  readonly time: number
  readonly order: number
  run: (() => void) | undefined
}

/** Virtual time: what is to happen, in the order in which it does; between two things no time passes. */
export class Clock {
  now = 0
  /** Things that have happened. */
  steps = 0
  readonly #heap: Entry[] = []
  #order = 0
  #stepsBefore = 0

  /** Things that have happened without any time passing. */
  get stepsNow(): number {
    return this.steps - this.#stepsBefore
  }

  /** Things still to happen, those taken back included. */
  get size(): number {
    return this.#heap.length
  }

  /** Takes back what it returns. */
  at(time: number, run: () => void): () => void {
    const entry: Entry = { time: Math.max(time, this.now), order: this.#order++, run }
    this.#push(entry)
    return () => {
      entry.run = undefined
    }
  }

  /** Does the next thing that is due until then; `false` when there is none, and it is then. */
  step(until: number): boolean {
    for (;;) {
      const next = this.#heap[0]
      if (next === undefined || next.time > until) {
        this.now = Math.max(this.now, until)
        return false
      }
      this.#pop()
      if (!next.run) continue
      if (next.time > this.now) this.#stepsBefore = this.steps
      this.now = next.time
      this.steps++
      next.run()
      return true
    }
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let place = heap.length
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !isBefore(entry, parent)) break
      heap[place] = parent
      place = above
    }
    heap[place] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let place = 0
    for (;;) {
      const left = 2 * place + 1
      const a = heap[left]
      const b = heap[left + 1]
      const [child, at] = b && a && isBefore(b, a) ? [b, left + 1] : [a, left]
      if (child === undefined || !isBefore(child, last)) break
      heap[place] = child
      place = at
    }
    heap[place] = last
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.time < b.time || (a.time === b.time && a.order < b.order)
}

/**
 * Runs the clock until a time, or until nothing is left to happen. After each thing every promise that
 * it settled has its turn, as after each turn of a real event loop.
 */
export function runUntil(clock: Clock, time: number, after: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const turn = (): void => {
      try {
        after()
        if (clock.step(time)) queueMicrotask(next)
        else resolve()
      } catch (error) {
        reject(error)
      }
    }
    // A tick that a microtask asks for comes when no microtask is left.
    const next = () => process.nextTick(turn)
    next()
  })
}
