import { isAnyRpcError, RpcError } from "@trunkline/contract"
import { type Log, within } from "@trunkline/endpoint"
import * as durations from "@trunkline/protocol/durations"
import type { Host } from "@trunkline/transport"
import { checkedIdentity } from "./check.js"
import type { Credentials, Identity, ServeOptions } from "./options.js"

/** Who a client is, for how long that is believed, and in the server's own words. */
export interface Known {
  /** As `authenticate` said; undefined for somebody anonymous. */
  readonly principal: string | undefined
  readonly context: unknown
  /** Milliseconds that the token has left; undefined: it does not run out. */
  readonly exp: number | undefined
}

/** Why a client was not let in; `late`: there was no answer in time. */
export interface Refusal {
  readonly code: "auth" | "forbidden" | "late"
  readonly message: string
}

/** The application's `authenticate`, asked in one way by handshakes and by sessions that are open. */
export class Authentication {
  readonly #options: ServeOptions<unknown>
  readonly #host: Host
  readonly #log: Log

  constructor(options: ServeOptions<unknown>, host: Host, log: Log) {
    this.#options = options
    this.#host = host
    this.#log = log
  }

  /** What is kept of a socket's credentials: a request is large, and nobody sees it where nobody is asked. */
  kept(credentials: Omit<Credentials, "token">): Omit<Credentials, "token"> {
    const { origin, cookie, request } = credentials
    return {
      ...credentials,
      // Without an origin no page has been checked that could have sent it.
      cookie: origin === undefined ? undefined : cookie,
      request: this.#options.authenticate ? request : undefined,
    }
  }

  /**
   * Rejects with whatever `authenticate` throws, when it takes too long, and for a token that has run out
   * already.
   */
  async identify(credentials: Credentials): Promise<Known> {
    const { authenticate } = this.#options
    if (!authenticate) return { principal: undefined, context: {}, exp: undefined }
    const errand = { host: this.#host, milliseconds: durations.authentication, expired }
    const identity = await within(errand, () => authenticate(credentials))
    const { principal, context, expires } = checkedIdentity(identity)
    return { principal, context, exp: this.#left(expires) }
  }

  /** What the client is told of what `identify` rejected with. */
  refusal(error: unknown): Refusal {
    if (error instanceof Late) return { code: "late", message: error.message }
    if (!isAnyRpcError(error)) {
      this.#log({ level: "error", message: "authenticate failed", error })
      return { code: "auth", message: "refused" }
    }
    const { code, message } = error
    return { code: code === "FORBIDDEN" ? "forbidden" : "auth", message }
  }

  #left(expires: Identity<unknown>["expires"]): number | undefined {
    if (expires === undefined) return undefined
    const left = Math.floor(expires.getTime() - this.#host.wall())
    if (left <= 0) throw new RpcError("UNAUTHORIZED", { message: "the token has run out" })
    return Math.min(left, Number.MAX_SAFE_INTEGER)
  }
}

class Late extends Error {}

function expired(): Late {
  return new Late("authentication took too long")
}

/** How sessions know a principal: whatever it is called, nobody known is taken for somebody anonymous. */
export function nameOf(principal: string): string {
  return `principal:${principal}`
}

/** An anonymous client is told apart by the hash of what names its connection. */
export function anonymousName(instanceHash: string): string {
  return `anonymous:${instanceHash}`
}

/** As `authenticate` said it; of somebody anonymous the name that sessions know. */
export function principalOf(name: string): string {
  return isAnonymous(name) ? name : name.slice(nameOf("").length)
}

export function isAnonymous(name: string): boolean {
  return name.startsWith("anonymous:")
}
