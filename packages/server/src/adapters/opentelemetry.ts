import {
  type Context,
  context,
  isSpanContextValid,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api"
import { Server } from "../server.js"

/** How `traceServer` differs from its defaults. */
export interface TraceOptions {
  /**
   * Who makes the spans.
   * @default the global provider's
   */
  readonly tracer?: Tracer | undefined
}

/** Codes that tell of trouble at the server; the others are answers, or the caller's own doing. */
const faults: ReadonlySet<string> = new Set([
  ...["INTERNAL", "UNAVAILABLE", "BUSY", "UNENCODABLE", "TOO_LARGE", "RESULT_LOST"],
])

/**
 * Makes a span of every call, stream and event that the server serves, below the caller's span if it has
 * one (`traceConnection` of `@trunkline/client/opentelemetry`). The handler runs within it, and so does
 * its generator.
 *
 * @example
 * ```ts
 * traceServer(server)   // after the provider was registered
 * ```
 *
 * @returns takes it back
 */
export function traceServer(server: Server, { tracer }: TraceOptions = {}): () => void {
  if (!(server instanceof Server)) throw new TypeError("not a server, which `serve` makes")
  const by = tracer ?? trace.getTracer("@trunkline/server")
  return server.observe({
    started: ({ path, kind, session, correlationId, traceparent }) => {
      const parent = parentOf(traceparent)
      const span = by.startSpan(
        path,
        {
          kind: SpanKind.SERVER,
          attributes: {
            "rpc.system": "trunkline",
            "rpc.method": path,
            ...(kind && { "trunkline.kind": kind }),
            ...(correlationId && { "trunkline.correlation_id": correlationId }),
            ...(session?.remote && { "client.address": session.remote }),
          },
        },
        parent,
      )
      const within = trace.setSpan(parent, span)
      return {
        run: (code) => context.with(within, code),
        ended: (failure) => {
          if (failure) {
            const { code, executed } = failure
            span.setAttributes({ "error.type": code, "trunkline.executed": executed })
            if (faults.has(code)) span.setStatus({ code: SpanStatusCode.ERROR, message: code })
          }
          span.end()
        },
      }
    },
  })
}

/** The span that the caller names (W3C Trace Context); what is none begins a trace of its own. */
function parentOf(traceparent: string | undefined): Context {
  const [, traceId = "", spanId = "", flags = ""] = pattern.exec(traceparent ?? "") ?? []
  const remote = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return isSpanContextValid(remote) ? trace.setSpanContext(ROOT_CONTEXT, remote) : ROOT_CONTEXT
}

/** Later versions may say more behind it. */
const pattern = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/
