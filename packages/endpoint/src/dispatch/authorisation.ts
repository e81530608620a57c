import { RpcError } from "@trunkline/contract"
import * as durations from "@trunkline/protocol/durations"
import type { Host } from "@trunkline/transport"
import type { SessionInfo } from "../handlers/handler.js"
import { invoke } from "../handlers/middleware.js"
import { Request, type RequestOrigin } from "../handlers/request.js"
import type { Entry } from "../handlers/router.js"

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
export function askAgain(asked: Asked, context: unknown, host: Host): Promise<void> {
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
  return new Promise((resolve, reject) => {
    const takeBack = host.wakeAt(host.now() + durations.authentication, () =>
      reject(new RpcError("FORBIDDEN", { message: "the middleware did not answer" })),
    )
    const answer = Promise.resolve(invoke(entry.handler, new Request(origin, asked.input, context)))
    answer.then(() => resolve(), reject).finally(takeBack)
  })
}
