import { RpcError, type StreamEvent, type StreamNote } from "@trunkline/client"

/** What does not say by itself what to make of what there was. */
export type OtherNote = Exclude<StreamNote, { readonly type: "reset" }>

/** How a component has items reduced. Two that pass the same functions share what comes of it. */
export interface Folding {
  readonly reduce: (state: unknown, item: unknown, cursor: string | undefined) => unknown
  readonly reset: ((whole: unknown) => unknown) | undefined
  readonly note: ((state: unknown, note: OtherNote) => unknown) | undefined
}

export const restarted: StreamEvent<unknown> = { note: { type: "restarted" } }

/**
 * What the items of a stream come to. A function of the application that throws ends this fold and harms
 * no other that reads the same stream.
 */
export class Fold {
  #folding: Folding
  #state: unknown
  #error: RpcError | undefined
  /** The stream has begun anew: what was made of it so far is replaced by what comes. */
  #anew = false
  /** Items that came before this fold and were kept no longer. */
  readonly missed: number

  constructor(folding: Folding, missed = 0) {
    this.#folding = folding
    this.missed = missed
  }

  get state(): unknown {
    return this.#state
  }

  /** What a function of the application threw. */
  get error(): RpcError | undefined {
    return this.#error
  }

  get folding(): Folding {
    return this.#folding
  }

  /** Goes on from the same state by other functions. */
  change(folding: Folding): void {
    this.#folding = folding
  }

  /** The same so far, and from here on by other functions. */
  fork(folding: Folding): Fold {
    const fold = new Fold(folding, this.missed)
    fold.#state = this.#state
    fold.#error = this.#error
    fold.#anew = this.#anew
    return fold
  }

  /** Goes on from a state that was kept elsewhere. */
  resume(state: unknown): void {
    this.#state = state
  }

  /** The stream is begun anew. */
  restart(): void {
    this.#error = undefined
    this.add(restarted)
  }

  add(event: StreamEvent<unknown>): void {
    if (this.#error) return
    try {
      if ("item" in event) this.#item(event.item, event.cursor)
      else this.#note(event.note)
    } catch (cause) {
      this.#error = new RpcError("INTERNAL", { message: "a reducer failed", cause })
    }
  }

  #item(item: unknown, cursor: string | undefined): void {
    const before = this.#anew ? undefined : this.#state
    this.#state = this.#folding.reduce(before, item, cursor)
    this.#anew = false
  }

  #note(note: StreamNote): void {
    const { reset, note: hear } = this.#folding
    if (note.type === "reset") {
      this.#state = reset ? reset(note.state) : note.state
      this.#anew = false
    } else if (hear) this.#state = hear(this.#state, note)
    else if (note.type === "restarted") this.#anew = true
  }
}
