import { type FailureWith, type Pending, type Result, safe } from "@trunkline/client"
import { useState, useSyncExternalStore } from "react"
import { hold } from "./hold.js"
import { type LineView, line } from "./line-store.js"
import type { Followed, StreamView } from "./stream-store.js"

/** Follows a stream for as long as the component is there; it renders at most once a frame. */
export function useStream<State>(store: Followed<State>): StreamView<State> {
  return useSyncExternalStore(store.subscribe, store.view)
}

/** The line's state and figures. */
export function useLine(): LineView {
  return useSyncExternalStore(line.subscribe, line.view)
}

export function useHeld(): boolean {
  return useSyncExternalStore(hold.subscribe, () => hold.held)
}

export interface CallState<Input, Output, Errors> {
  /** Gives a result and never throws, so that a form can act on it. */
  run(input: Input): Promise<Result<Output, FailureWith<Errors>>>
  readonly pending: boolean
  /** Of the last run, until the next one. */
  readonly error: FailureWith<Errors> | undefined
}

/** A call with its state, as a form needs it. */
export function useCall<Input, Output, Errors>(
  call: (input: Input) => Pending<Output, Errors>,
): CallState<Input, Output, Errors> {
  const [pending, setPending] = useState(false)
  const [error, setError] = useState<FailureWith<Errors>>()
  const run = async (input: Input) => {
    setPending(true)
    const result = await safe(call(input))
    setPending(false)
    setError(result.ok ? undefined : result.error)
    return result
  }
  return { run, pending, error }
}
