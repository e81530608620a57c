import { RpcError } from "@trunkline/contract"
import { type Context, Serving, type SessionEnd } from "@trunkline/protocol"
import type { Driver, DriverUser } from "@trunkline/transport"
import { Dispatcher } from "./dispatch/dispatcher.js"
import type { Entry } from "./handlers/router.js"
import type { Observer } from "./handlers/watch.js"
import type { LogEntry } from "./log.js"
import type { Service, ServiceOptions } from "./service.js"
import { SessionHandle } from "./session-handle.js"

/** What a client serves is not observed. */
const nobody: ReadonlySet<Observer> = new Set()

/** A router in one session of a client: what its server calls. */
export class ClientService implements Service {
  readonly half: Serving
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #options: ServiceOptions
  #session: SessionHandle | undefined
  #dispatcher: Dispatcher | undefined

  constructor(entries: ReadonlyMap<string, Entry>, context: Context, options: ServiceOptions) {
    this.half = new Serving(context, options.limits)
    this.#entries = entries
    this.#options = options
  }

  hears(user: DriverUser): DriverUser {
    return {
      accept: (channel) => this.#dispatcher?.accept(channel),
      event: (path, input) => this.#dispatcher?.event(path, input),
      over: (end) => this.#over(user, end),
      goAway: (body) => user.goAway(body),
      auth: (token) => user.auth(token),
      authOk: (exp) => user.authOk(exp),
      lost: (code, reason) => user.lost(code, reason),
      settled: () => user.settled(),
      eventsLost: (count) => user.eventsLost(count),
      displaced: (entry) => user.displaced(entry),
    }
  }

  begin(driver: Driver, id: string, principal: string): void {
    const { host, handlers, line, remote, counts } = this.#options
    const info = new SessionHandle(id, principal, line, () => remote)
    const callee = { driver, serving: this.half, host, info, context: {} }
    this.#session = info
    this.#dispatcher = new Dispatcher(callee, {
      entries: this.#entries,
      validateOutput: true,
      validateItems: true,
      handlers,
      counts,
      observers: nobody,
      log: (entry) => this.#log(entry),
    })
  }

  #over(user: DriverUser, end: SessionEnd): void {
    this.#session?.end()
    this.#dispatcher?.abandon()
    user.over(end)
  }

  /** A client has no log: a handler that fails is an error that nobody takes. */
  #log({ level, message, path, correlationId, error: cause }: LogEntry): void {
    if (level !== "error") return
    const told = `${path}: ${message}`
    const { report } = this.#options
    report(new RpcError("INTERNAL", { message: told, cause, correlationId, executed: "yes" }))
  }
}
