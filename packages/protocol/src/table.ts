/**
 * A machine's moves as data: state → event → next state. A pair that is not listed is an event that
 * cannot happen there. The diagrams of docs/protocol.md are printed from these tables.
 */
export type Moves<State extends string, Event extends string> = {
  readonly [S in State]: { readonly [E in Event]?: State }
}
