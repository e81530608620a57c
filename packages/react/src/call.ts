import {
  type CallOptions,
  type FailureWith,
  handleOf,
  type Pending,
  type Result,
  safe,
} from "@trunkline/client"
import { useCallback, useEffect, useMemo, useRef, useState } from "react"
import { kindOf } from "./procedure.js"

/** How a component makes a call. */
export interface UseCallOptions {
  /**
   * What becomes of a call that is under way when its component goes: it goes on without it, or it is
   * cancelled, here and at the server. Only a procedure of a client can be cancelled.
   * @default "detach"
   */
  readonly onLeave?: "detach" | "cancel" | undefined
}

export const defaultLeave = "detach"

/** A call with its state, as a form or a button needs it. */
export interface CallState<Arguments extends readonly unknown[], Output, Errors = unknown> {
  /**
   * Makes the call. The result is that of this run, whatever the state shows; it never rejects. The same
   * function for as long as the component is there.
   */
  readonly run: (...arguments_: Arguments) => Promise<Result<Output, FailureWith<Errors>>>
  /** The last run is under way. */
  readonly pending: boolean
  /** What the last run that ended gave. */
  readonly data: Output | undefined
  /** What the last run that ended failed with. */
  readonly error: FailureWith<Errors> | undefined
  /** Forgets the state, and whatever is under way does not change it any more. */
  readonly reset: () => void
}

/**
 * A call and its state. Of several runs the last one counts: an earlier one that ends later changes
 * nothing, though whoever started it gets its result.
 *
 * @param call a call or an upload of a client, or a function that makes one
 * @throws TypeError when what was passed is none, or cannot be cancelled
 *
 * @example
 * ```tsx
 * const rename = useCall(client.hosts.rename)
 * const submit = async () => {
 *   const result = await rename.run({ id, name })
 *   if (result.ok) close()
 * }
 * ```
 */
export function useCall<Arguments extends readonly unknown[], Output, Errors>(
  call: (...arguments_: Arguments) => Pending<Output, Errors>,
  options?: UseCallOptions,
): CallState<Arguments, Output, Errors>
export function useCall(
  call: (...arguments_: readonly unknown[]) => Pending<unknown>,
  { onLeave = defaultLeave }: UseCallOptions = {},
): CallState<readonly unknown[], unknown> {
  const place = placeOfOptions(call, onLeave === "cancel")
  const [state, setState] = useState<State>(untouched)
  const current = useRef({ call, place, onLeave })
  useEffect(() => {
    current.current = { call, place, onLeave }
  })
  const runs = useMemo(() => new Runs(), [])
  useEffect(() => () => void (current.current.onLeave === "cancel" && runs.cancel()), [runs])

  const run = useCallback(
    async (...arguments_: readonly unknown[]) => {
      const { call, place } = current.current
      const leaving = new AbortController()
      const isLast = runs.begin(leaving)
      setState((before) => ({ ...before, pending: true }))
      const result = await made(() => call(...withSignal(arguments_, place, leaving.signal)))
      runs.end(leaving)
      if (isLast()) setState({ pending: false, result })
      return result
    },
    [runs],
  )
  const reset = useCallback(() => {
    runs.forget()
    setState(untouched)
  }, [runs])

  const { pending, result } = state
  return {
    run,
    pending,
    data: result?.ok ? result.value : undefined,
    error: result?.ok === false ? result.error : undefined,
    reset,
  }
}

interface State {
  readonly pending: boolean
  readonly result: Result<unknown, FailureWith<unknown>> | undefined
}

const untouched: State = { pending: false, result: undefined }

/** The runs of one component. */
class Runs {
  readonly #underway = new Set<AbortController>()
  #last = 0

  /** The result says whether this is still the last one. */
  begin(leaving: AbortController): () => boolean {
    const number = ++this.#last
    this.#underway.add(leaving)
    return () => number === this.#last
  }

  end(leaving: AbortController): void {
    this.#underway.delete(leaving)
  }

  forget(): void {
    this.#last++
  }

  cancel(): void {
    for (const leaving of this.#underway) leaving.abort()
  }
}

/** Where a procedure takes its options; undefined for a function that is no procedure. */
function placeOfOptions(call: unknown, cancels: boolean): number | undefined {
  if (typeof call !== "function") throw new TypeError("what was passed is no call")
  const handle = handleOf(call)
  if (!handle && cancels) throw new TypeError("only a procedure of a client can be cancelled")
  if (!handle) return undefined
  const kind = kindOf(handle)
  const { path } = handle
  if (kind === "client") throw new TypeError("the client itself is no call")
  if (kind !== "call" && kind !== "upload") throw new TypeError(`${path}: a ${kind} is no call`)
  return cancels ? (kind === "upload" ? 2 : 1) : undefined
}

/** The caller's own signal cancels as well. */
function withSignal(
  arguments_: readonly unknown[],
  place: number | undefined,
  signal: AbortSignal,
): readonly unknown[] {
  if (place === undefined) return arguments_
  const options: CallOptions = Object(arguments_[place])
  const both = options.signal ? AbortSignal.any([options.signal, signal]) : signal
  const before = Array.from({ length: place }, (_, index) => arguments_[index])
  return [...before, { ...options, signal: both }]
}

/** What the function throws at once is a failure like any other. */
function made(call: () => Pending<unknown>): Promise<Result<unknown, FailureWith<unknown>>> {
  return safe(new Promise((resolve) => resolve(call())))
}
