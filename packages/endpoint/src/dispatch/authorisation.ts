import { RpcError } from "@trunkline/contract"
import * as durations from "@trunkline/protocol/durations"
import type { Host } from "@trunkline/transport"
import type { SessionInfo } from "../handlers/handler.js"
import { invoke } from "../handlers/middleware.js"
import { Request, type RequestOrigin } from "../handlers/request.js"
import type { Entry } from "../handlers/router.js"
import { within } from "../within.js"

/** Whose right to go on is in question. */
export interface Asked {
  readonly entry: Entry
  readonly session: SessionInfo
  readonly correlationId: string
  readonly signal: AbortSignal
  /** What the middleware saw when they let it begin. */
  readonly input: unknown
}

/**
 * Asks the middleware before a handler whether its caller, as `context` knows him now, may go on; the
 * handler is not entered again. Rejects with what they throw. Who does not answer does not agree.
 */
export function askAgain(asked: Asked, context: unknown, host: Host): Promise<unknown> {
  const { entry, session, correlationId } = asked
  const origin: RequestOrigin = {
    path: entry.path,
    session,
    correlationId,
    get signal() {
      return asked.signal
    },
    idempotencyKey: undefined,
    items: undefined,
    call() {},
    exit() {},
  }
  const milliseconds = durations.authentication
  const request = new Request(origin, asked.input, context)
  return within({ host, milliseconds, expired }, () => invoke(entry.handler, request))
}

function expired(): RpcError {
  return new RpcError("FORBIDDEN", { message: "the middleware did not answer" })
}
