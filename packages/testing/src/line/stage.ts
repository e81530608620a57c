import { type Procedure, pathOf, type RpcError } from "@trunkline/contract"
import { type Entry, handleOf, type Router, scope } from "@trunkline/endpoint"
import { errorCodes } from "@trunkline/protocol"
import { Gaps } from "./gaps.js"
import type { AnyProcedure } from "./test-line.js"

/** Calls that are refused before their handler. */
interface RefusedCalls {
  readonly error: RpcError
  /** So many are still to be. */
  times: number
}

/** The handlers behind a line, with what a test has put before them. */
export class Stage {
  /** To be served. What it holds may change at any time. */
  readonly router: Router<unknown>
  readonly #entries = new Map<string, Entry>()
  /** As it was at first. */
  readonly #initial: ReadonlyMap<string, Entry>
  readonly #handlers = new Map<string, Entry["handler"]>()
  readonly #refused = new Map<string, RefusedCalls>()
  /** Of each procedure that stands in a log. */
  readonly #gaps = new Map<string, Gaps>()

  constructor(router: Router<unknown>) {
    this.router = { ...router, "~entries": this.#entries }
    this.#initial = router["~entries"]
    for (const [path, { procedure }] of this.#initial) {
      if (procedure.kind === "subscription" && procedure.replay) this.#gaps.set(path, new Gaps())
      this.#set(path)
    }
  }

  /** @throws TypeError for what is no procedure of a contract */
  pathOf(procedure: AnyProcedure): string {
    const path = handleOf(procedure)?.path
    if (path !== undefined && this.#initial.has(path)) return path
    for (const entry of this.#initial.values()) if (entry.procedure === procedure) return entry.path
    const elsewhere = typeof procedure === "function" ? undefined : pathOf(procedure)
    if (elsewhere !== undefined) return elsewhere
    throw new TypeError(`${path || "this"} is no procedure of the contract`)
  }

  /** @throws TypeError for what is not served here, and for a code that its caller could not be told */
  refuse(path: string, error: RpcError, times: number): void {
    const { procedure } = this.#initial.get(path) ?? {}
    if (!procedure) throw new TypeError(`refuse: ${path} is not served here`)
    if (!isTold(error.code, procedure)) {
      throw new TypeError(`refuse: ${path} does not declare ${error.code}`)
    }
    this.#refused.set(path, { error, times })
    this.#set(path)
  }

  accept(): void {
    const paths = [...this.#refused.keys()]
    this.#refused.clear()
    for (const path of paths) this.#set(path)
  }

  gap(path: string): void {
    const gaps = this.#gaps.get(path)
    if (!gaps) throw new TypeError(`gap: ${path} stands in no log; only what replays has gaps`)
    gaps.tear()
  }

  /** Puts these in place of what was there; what is open goes on as it began. */
  use(handlers: ReadonlyMap<string, Entry["handler"]>): void {
    for (const [path, handler] of handlers) {
      this.#handlers.set(path, handler)
      this.#set(path)
    }
  }

  reset(): void {
    this.#handlers.clear()
    this.#refused.clear()
    for (const path of this.#initial.keys()) this.#set(path)
  }

  #set(path: string): void {
    const entry = this.#initial.get(path)
    if (entry) this.#entries.set(path, { ...entry, handler: this.#handlerOf(entry) })
  }

  #handlerOf({ path, handler }: Entry): Entry["handler"] {
    const refused = this.#refused.get(path)
    if (refused) return refusing(() => this.#refuse(path, refused))
    const used = this.#handlers.get(path) ?? handler
    return this.#gaps.get(path)?.watch(used) ?? used
  }

  #refuse(path: string, refused: RefusedCalls): never {
    if (--refused.times <= 0) {
      this.#refused.delete(path)
      this.#set(path)
    }
    throw refused.error
  }
}

function isTold(code: string, procedure: Procedure): boolean {
  const declared = "errors" in procedure ? procedure.errors : {}
  return Object.hasOwn(errorCodes, code) || Object.hasOwn(Object(declared), code)
}

/** A handler that is never entered: what stands before it throws. */
export function refusing(refuse: () => never): Entry["handler"] {
  const before = scope<unknown>().use(async () => refuse())
  return before(() => undefined)
}
