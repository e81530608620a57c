import { type Call, type Upload, type Validated, validate } from "@trunkline/contract"
import { type AcceptedChannel, type Encoded, Unencodable } from "@trunkline/protocol"
import type { Entry } from "../handlers/router.js"
import type { Desk } from "./desk.js"
import { isSchema, Served } from "./served.js"

/** A call or an upload being served: one value, checked and sent. */
export class ServedCall extends Served {
  readonly #output: unknown

  constructor(desk: Desk, entry: Entry, procedure: Call | Upload, channel: AcceptedChannel) {
    super(desk, entry, channel)
    this.#output = procedure.output
  }

  protected returned(value: unknown): void {
    this.finished()
    if (this.unwanted) return
    this.settle(
      (value) => this.#validate(value),
      value,
      (validated) => this.#answer(validated),
    )
  }

  /** Without an output in the contract whatever the handler returns stays here. */
  #validate(value: unknown): Validated | PromiseLike<Validated> {
    if (!isSchema(this.#output)) return { ok: true, value: undefined }
    return this.desk.options.validateOutput ? validate(this.#output, value) : { ok: true, value }
  }

  #answer(validated: Validated): void {
    if (this.unwanted) return
    if (!validated.ok) return this.misfit("the output", validated.issues)
    const encoded = this.encode(validated.value)
    if (encoded instanceof Unencodable) return this.unencodable(encoded)
    this.succeed(validated.value, encoded)
  }

  /** What the caller gets. */
  protected succeed(_value: unknown, encoded: Encoded | undefined): void {
    this.left = true
    this.watch?.ended(undefined)
    this.desk.serve((serving) => serving.result(this.channel, encoded))
  }

  protected encode(value: unknown): Encoded | undefined | Unencodable {
    return value === undefined ? undefined : this.desk.encode(value)
  }
}
