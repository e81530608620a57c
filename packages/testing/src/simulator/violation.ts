/** Something that must hold did not (docs/protocol.md, "Invariants"). */
export class Violated extends Error {
  readonly invariant: string

  constructor(invariant: string, text: string) {
    super(`${invariant}: ${text}`)
    this.invariant = invariant
  }
}

export function must(holds: boolean, invariant: string, text: () => string): void {
  if (!holds) throw new Violated(invariant, text())
}
