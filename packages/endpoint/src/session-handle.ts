import type { SessionInfo } from "./handlers/handler.js"
import type { Line } from "./line.js"

/** A session as handlers see it: the same object for as long as it lives. */
export class SessionHandle implements SessionInfo {
  readonly id: string
  readonly principal: string
  readonly "~line": Line
  readonly #remote: () => string | undefined
  #controller: AbortController | undefined
  #over = false

  constructor(
    id: string,
    principal: string,
    line: Line,
    /** Changes with its sockets. */
    remote: () => string | undefined,
  ) {
    this.id = id
    this.principal = principal
    this["~line"] = line
    this.#remote = remote
  }

  get remote(): string | undefined {
    return this.#remote()
  }

  /** Made when somebody asks for it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#over) this.#controller.abort()
    return this.#controller.signal
  }

  /** The session is over. */
  end(): void {
    this.#over = true
    this.#controller?.abort()
  }
}
