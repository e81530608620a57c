import type { Fold, Folding } from "./fold.js"
import type { Source } from "./procedure.js"
import {
  openStream,
  type SharedStream,
  type Snapshot,
  sharedStream,
  type Viewer,
} from "./shared-stream.js"

/** How a component wants to follow, as of its last render. */
export interface Wish {
  readonly folding: Folding | undefined
  readonly keep: number
  readonly paused: boolean
}

/** One component's look at a stream that it may share with others. */
export class Follower implements Viewer {
  readonly #source: Source
  readonly #from: string | undefined
  #wish: Wish = { folding: undefined, keep: 0, paused: false }
  #shared: SharedStream | undefined
  #fold: Fold | undefined
  #changed = (): void => {}

  constructor(source: Source, from: string | undefined) {
    const { key } = source
    this.#source = from === undefined ? source : { ...source, key: `${key} ${from}` }
    this.#from = from
  }

  get paused(): boolean {
    return this.#wish.paused
  }

  readonly subscribe = (changed: () => void): (() => void) => {
    const shared = sharedStream(this.#source, this.#from)
    const { folding, keep } = this.#wish
    this.#changed = changed
    this.#shared = shared
    shared.keep(keep)
    this.#fold = folding && shared.foldBy(folding)
    if (this.#fold) shared.take(this.#fold)
    shared.add(this)
    return () => {
      this.#shared = undefined
      if (this.#fold) shared.release(this.#fold)
      shared.remove(this)
    }
  }

  changed(): void {
    this.#changed()
  }

  /** What was rendered last is what is wanted from here on. */
  wish(wish: Wish): void {
    const before = this.#wish
    this.#wish = wish
    const shared = this.#shared
    if (!shared) return
    shared.keep(wish.keep)
    this.#refold(shared, wish.folding)
    if (wish.paused !== before.paused) shared.pace()
  }

  /** What there is to show now; before it is followed, what others have of it. */
  snapshot(folding: Folding | undefined): Snapshot | undefined {
    if (this.#shared) return this.#shared.snapshot(this.#fold)
    const shared = openStream(this.#source)
    return shared?.snapshot(folding && shared.foldBy(folding))
  }

  /** Opens the stream before its component is there. Gives what to wait for; undefined: it has ended. */
  arrival(): Promise<void> | undefined {
    const shared = sharedStream(this.#source, this.#from)
    return shared.settled ? undefined : shared.arrival()
  }

  #refold(shared: SharedStream, folding: Folding | undefined): void {
    const fold = this.#fold
    if (fold && folding) this.#fold = shared.refold(fold, folding)
    else if (folding) {
      this.#fold = shared.foldBy(folding)
      shared.take(this.#fold)
    } else if (fold) {
      this.#fold = undefined
      shared.release(fold)
    }
  }
}
