import type { Procedure } from "@trunkline/contract"
import type { MakeService } from "../service.js"
import type { Request } from "./request.js"

/** A procedure with what implements it. */
export interface Entry {
  readonly path: string
  readonly procedure: Procedure
  readonly handler: (request: Request) => unknown
}

/** A contract with a handler for each of its procedures; `serve` takes it, and the `serve` of `connect`. */
export interface Router<Context> {
  /** What its handlers have to be given as `context`. */
  readonly "~context"?: (context: Context) => void
  readonly "~entries": ReadonlyMap<string, Entry>
  readonly "~service": MakeService
}
