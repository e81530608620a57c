/** A place in the built code, and what is planted there. */
export interface Edit {
  /** Package and module, such as `protocol/flow/outbox`. */
  readonly module: string
  /** Occurs exactly once in the module. */
  readonly text: string
  readonly planted: string
}

/** A bug planted on purpose: a simulator that does not notice it proves nothing. */
export interface Mutant {
  readonly name: string
  /** The invariants of which one has to notice. */
  readonly noticedBy: readonly string[]
  /** Seeds within which it has to fall. */
  readonly within: number
  readonly edits: readonly Edit[]
}

/** Plants a mutant's edits of one module; throws when the code has moved on and a text is not there. */
export function plant(source: string, edits: readonly Edit[]): string {
  return edits.reduce((code, { module, text, planted }) => {
    const [before, after, ...more] = code.split(text)
    if (before === undefined || after === undefined || more.length > 0) {
      throw new Error(`${module} does not hold this once: ${text}`)
    }
    return before + planted + after
  }, source)
}
