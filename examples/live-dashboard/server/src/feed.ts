import type { TopicSnapshot } from "@trunkline/server"

/** How items become what they come to. */
export type Fold<Item, State> = (state: State, item: Item) => State

/**
 * A topic and what all its items so far come to, always read together with the cursor of the last one:
 * whoever comes later gets the state and then what follows, and nothing twice.
 */
export class Feed<Item, State> {
  readonly #fold: Fold<Item, State>
  #state: State
  #cursor = ""
  #publish: (item: Item) => Promise<string> = () => Promise.reject(new Error("not begun"))
  /** One after the other: the state has to be that at its cursor. */
  #last: Promise<void> = Promise.resolve()

  constructor(empty: State, fold: Fold<Item, State>) {
    this.#state = empty
    this.#fold = fold
  }

  get state(): State {
    return this.#state
  }

  /** Goes on with what a store has kept of an earlier run. */
  begin(
    publish: (item: Item) => Promise<string>,
    kept: { readonly items: readonly Item[]; readonly cursor: string },
  ): void {
    this.#publish = publish
    this.#cursor = kept.cursor
    for (const item of kept.items) this.#state = this.#fold(this.#state, item)
  }

  /** Resolves when everybody who reads it is going to get it. */
  add(item: Item): Promise<void> {
    const added = this.#last.then(async () => {
      this.#cursor = await this.#publish(item)
      this.#state = this.#fold(this.#state, item)
    })
    this.#last = added.catch(() => {})
    return added
  }

  readonly snapshot = (): TopicSnapshot<State> => ({ state: this.#state, cursor: this.#cursor })
}
