import type { Encoded } from "../codec/codec.js"
import { conflatedKeys, conflatedUnits, runLength } from "../limits.js"
import { Queue } from "./queue.js"

/** A frame of a stream that is no item: a NOTE, or what ends it. It takes no credit. */
export class Fixed {
  /** Left out: END, which is written when its turn comes, with an id that its caller may not have yet. */
  readonly frame: Encoded | undefined

  constructor(frame: Encoded | undefined) {
    this.frame = frame
  }

  get units(): number {
    return this.frame?.length ?? 0
  }
}

/**
 * Values of one stream that wait for credit and a number. What may become of a value until then is the
 * contract's delivery policy (docs/protocol.md, "Delivery policies").
 */
export interface Backlog {
  /** Values that wait. */
  readonly items: number
  /** Units of all that waits. */
  readonly units: number
  readonly empty: boolean
  /** Of the values that `next` gave last; of the values of one stream all have a cursor, or none. */
  readonly cursors: readonly string[] | undefined
  /** `false`: there is no room, and the value was not taken. */
  push(value: Encoded, key?: unknown, cursor?: string): boolean
  /** A finished frame at its place in the order. */
  fix(frame: Encoded): void
  /** The stream's last frame, or END: behind everything. */
  close(frame: Encoded | undefined): void
  /** What goes next: a finished frame, or values, at most so many and so many units but at least one. */
  next(most: number, units: number): Fixed | readonly Encoded[] | undefined
  /** Drops all that waits. */
  clear(): void
}

/** What a cursor adds to its value in a frame. */
function cursorUnits(cursor: string | undefined): number {
  return cursor === undefined ? 0 : cursor.length + 3
}

/** `every`: nothing is dropped; the source waits. */
export class EveryBacklog implements Backlog {
  items = 0
  units = 0
  cursors: readonly string[] | undefined
  readonly #queue = new Queue<Encoded | Fixed>()
  /** One for each value, in a stream that has them. */
  #cursors: Queue<string> | undefined

  get empty(): boolean {
    return this.#queue.length === 0
  }

  push(value: Encoded, _key?: unknown, cursor?: string): boolean {
    this.items++
    this.units += value.length
    if (cursor !== undefined) {
      this.#cursors ??= new Queue()
      this.#cursors.push(cursor)
    }
    this.#queue.push(value)
    return true
  }

  fix(frame: Encoded): void {
    this.close(frame)
  }

  close(frame: Encoded | undefined): void {
    const last = new Fixed(frame)
    this.units += last.units
    this.#queue.push(last)
  }

  next(most: number, units: number): Fixed | readonly Encoded[] | undefined {
    const head = this.#queue.peek()
    if (head instanceof Fixed) {
      this.units -= head.units
      this.#queue.shift()
      return head
    }
    return head === undefined || most < 1 ? undefined : this.#values(head, most, units)
  }

  clear(): void {
    this.items = 0
    this.units = 0
    this.#queue.clear()
    this.#cursors?.clear()
  }

  #values(head: Encoded, most: number, units: number): readonly Encoded[] {
    const values = [head]
    const count = Math.min(most, runLength)
    let taken = head.length
    let left = units - head.length - cursorUnits(this.#cursors?.peek())
    while (values.length < count) {
      const value = this.#queue.at(values.length)
      if (value === undefined || value instanceof Fixed) break
      left -= value.length + cursorUnits(this.#cursors?.at(values.length))
      if (left < 0) break
      taken += value.length
      values.push(value)
    }
    this.#queue.drop(values.length)
    this.cursors = this.#cursors?.take(values.length)
    this.items -= values.length
    this.units -= taken
    return values
  }
}

/** `latest` and `conflate`: of the values with one key only the newest waits; keys in order of change. */
export class LossyBacklog implements Backlog {
  units = 0
  /** Values replaced since this was last taken; a `dropped` note tells the consumer. */
  dropped = 0
  cursors: string[] | undefined
  readonly #fixed = new Queue<Fixed>()
  readonly #values = new Map<unknown, Encoded>()
  /** By the same keys, in a stream that has them. */
  #cursors: Map<unknown, string> | undefined
  #last: Fixed | undefined

  get items(): number {
    return this.#values.size
  }

  /** Keys that may come to wait beside those that do. */
  get room(): number {
    return this.units < conflatedUnits ? conflatedKeys - this.#values.size : 0
  }

  /** Frames that stand ahead of the values. */
  get notes(): number {
    return this.#fixed.length
  }

  get empty(): boolean {
    return this.#values.size === 0 && this.#fixed.length === 0 && this.#last === undefined
  }

  push(value: Encoded, key?: unknown, cursor?: string): boolean {
    const replaced = this.#values.get(key)
    if (replaced === undefined) {
      if (this.room <= 0) return false
    } else {
      this.#values.delete(key)
      this.units -= replaced.length
      this.dropped++
    }
    this.#values.set(key, value)
    this.units += value.length
    if (cursor !== undefined) {
      this.#cursors ??= new Map()
      this.#cursors.set(key, cursor)
    }
    return true
  }

  fix(frame: Encoded): void {
    this.units += frame.length
    this.#fixed.push(new Fixed(frame))
  }

  close(frame: Encoded | undefined): void {
    this.#last = new Fixed(frame)
  }

  next(most: number, units: number): Fixed | readonly Encoded[] | undefined {
    const fixed = this.#fixed.shift()
    if (fixed !== undefined) {
      this.units -= fixed.units
      return fixed
    }
    if (this.#values.size === 0 && this.#last !== undefined) {
      const last = this.#last
      this.#last = undefined
      return last
    }
    return this.#values.size === 0 || most < 1 ? undefined : this.#newest(most, units)
  }

  clear(): void {
    this.units = 0
    this.#fixed.clear()
    this.#values.clear()
    this.#cursors?.clear()
    this.#last = undefined
  }

  #newest(most: number, units: number): readonly Encoded[] {
    const values: Encoded[] = []
    const count = Math.min(most, runLength)
    let taken = 0
    let left = units
    this.cursors = this.#cursors && []
    for (const [key, value] of this.#values) {
      const cursor = this.#cursors?.get(key)
      left -= value.length + cursorUnits(cursor)
      if (values.length === count || (values.length > 0 && left < 0)) break
      taken += value.length
      values.push(value)
      this.#values.delete(key)
      if (cursor === undefined) continue
      this.cursors?.push(cursor)
      this.#cursors?.delete(key)
    }
    this.units -= taken
    return values
  }
}
