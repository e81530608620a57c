import { RpcError } from "@trunkline/contract"
import type { Failure } from "@trunkline/protocol"

/** A failure that stands as it is: whoever throws it has settled what its caller is told. */
export class SettledFailure extends RpcError {
  readonly failure: Failure

  constructor(failure: Failure) {
    super(failure.code, failure)
    this.failure = failure
  }
}
