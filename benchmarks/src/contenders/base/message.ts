import type { Flow, Sample } from "../../workload.js"

/** What the hand-written client says: integer ids, and nothing that it does not need. */
export type Request =
  | { readonly i: number; readonly p: "echo"; readonly v: Sample }
  | { readonly i: number; readonly p: "flow"; readonly v: Flow }
  | { readonly p: "watch" }

/** An answer, an item or the end of a stream; without an id, something published. */
export interface Response {
  readonly i?: number
  readonly v?: Sample
  readonly end?: true
}
