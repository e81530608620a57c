import { PROTOCOL } from "./close-code.js"

/**
 * What the other side did against the protocol. Thrown where a message is read and caught by the
 * session's step, which turns it into a close with this code: it never leaves this package.
 */
export class Violation extends Error {
  readonly code: number

  constructor(reason: string, code: number = PROTOCOL) {
    super(reason)
    this.code = code
  }
}

/** A value that cannot be sent; the fault of whoever passed it, and of its channel alone. */
export class Unencodable extends Error {
  readonly code: "UNENCODABLE" | "TOO_LARGE"

  constructor(reason: string, code: "UNENCODABLE" | "TOO_LARGE" = "UNENCODABLE") {
    super(reason)
    this.code = code
  }
}
