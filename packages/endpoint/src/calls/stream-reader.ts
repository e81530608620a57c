import type { RpcError } from "@trunkline/contract"
import type { ReservedCode } from "@trunkline/protocol"
import type { CallerFailure } from "./failure.js"
import type { StreamEvent, StreamStatus } from "./stream.js"

export type FailureDetail = Pick<CallerFailure, "why" | "cause">

/** What a reader has of its stream. */
export interface StreamSource {
  /** Nothing comes after what can still be taken. */
  readonly ended: boolean
  readonly status: StreamStatus
  /** Sends the OPEN, the first time: the reader wants an item. */
  open(): void
  /** The next event, if there is one. */
  take(): StreamEvent<unknown> | undefined
  /** The error that ended the stream, once: who takes it tells the application. */
  takeError(): RpcError | undefined
  /** The application has enough. */
  cancel(): void
  /** The reader cannot go on. Says nothing to a reader that has left. */
  fail(code: ReservedCode, detail: FailureDetail): void
}

/** Whoever reads a stream. */
export interface StreamReader {
  /** There may be something to take, or the end. */
  readable(): void
}
