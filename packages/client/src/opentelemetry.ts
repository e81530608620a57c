import {
  isSpanContextValid,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api"
import type { Connection } from "./connection.js"

/** How `traceConnection` differs from its defaults. */
export interface TraceOptions {
  /**
   * Who makes the spans.
   * @default the global provider's
   */
  readonly tracer?: Tracer | undefined
}

/**
 * Makes a span of every call and stream of a connection, from its beginning to its end, however many sockets
 * and sessions that takes; and tells the server of it, so that its spans stand below.
 *
 * @example
 * ```ts
 * traceConnection(connection)   // after the provider was registered
 * ```
 *
 * @returns takes it back
 */
export function traceConnection(connection: Connection, { tracer }: TraceOptions = {}): () => void {
  const by = tracer ?? trace.getTracer("@trunkline/client")
  return connection.observe({
    started: ({ path, kind }) => {
      const span = by.startSpan(path, {
        kind: SpanKind.CLIENT,
        attributes: {
          "rpc.system": "trunkline",
          "rpc.method": path,
          ...(kind && { "trunkline.kind": kind }),
        },
      })
      return {
        traceparent: traceparentOf(span),
        ended: (failure) => {
          if (failure) {
            const { code, executed } = failure
            span.setAttributes({ "error.type": code, "trunkline.executed": executed })
            if (code !== "CANCELLED") span.setStatus({ code: SpanStatusCode.ERROR, message: code })
          }
          span.end()
        },
      }
    },
  })
}

/** W3C Trace Context. A span that nobody records has no place to tell of. */
function traceparentOf(span: Span): string | undefined {
  const of = span.spanContext()
  if (!isSpanContextValid(of)) return undefined
  const flags = of.traceFlags.toString(16).padStart(2, "0")
  return `00-${of.traceId}-${of.spanId}-${flags}`
}
