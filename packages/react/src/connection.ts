import type { Connection, ConnectionInfo, ConnectionState, StateChange } from "@trunkline/client"
import { useMemo, useSyncExternalStore } from "react"
import { isConnection } from "./procedure.js"
import { isSame } from "./same.js"

/** A connection as a component sees it. */
export interface ConnectionView {
  readonly state: ConnectionState
  /** The last round trip in milliseconds; undefined until there was one. */
  readonly latency: number | undefined
  /** The last change of state that the component has seen. */
  readonly change: StateChange | undefined
}

export interface ConnectionOptions {
  /**
   * Milliseconds between two looks at what is measured; a change of state is seen at once.
   * @default 1_000
   */
  readonly every?: number | undefined
}

export const defaultEvery = 1_000

/** Milliseconds: a longer interval overflows, and would ring all the time. */
const longest = 2_147_483_647

/**
 * The state of a connection and its latency. While rendering on a server it is `connecting`.
 *
 * @throws TypeError for what is no connection, and for an `every` that is no time between two looks
 *
 * @example
 * ```tsx
 * const { state, latency } = useConnection(connection)
 * ```
 */
export function useConnection(
  connection: Connection,
  { every = defaultEvery }: ConnectionOptions = {},
): ConnectionView {
  const watch = useMemo(() => {
    const read = (change: StateChange | undefined) => ({
      state: connection.state,
      latency: connection.latency,
      change,
    })
    return new Watch<ConnectionView>(connection, every, read)
  }, [connection, every])
  return useSyncExternalStore(watch.subscribe, watch.view, atServer)
}

/**
 * What a panel may want to know of a connection: its session, and what it has carried so far. It is
 * undefined while rendering on a server.
 *
 * @throws TypeError as `useConnection` does
 */
export function useConnectionInfo(
  connection: Connection,
  { every = defaultEvery }: ConnectionOptions = {},
): ConnectionInfo | undefined {
  const watch = useMemo(
    () => new Watch<ConnectionInfo>(connection, every, () => connection.info),
    [connection, every],
  )
  return useSyncExternalStore(watch.subscribe, watch.view, nothing)
}

const connecting: ConnectionView = { state: "connecting", latency: undefined, change: undefined }
const atServer = () => connecting
const nothing = () => undefined

/** Looks at a connection whenever its state changes, and now and then. */
class Watch<View extends object> {
  readonly #connection: Connection
  readonly #every: number
  readonly #read: (change: StateChange | undefined) => View
  #change: StateChange | undefined
  #view: View

  constructor(
    connection: Connection,
    every: number,
    read: (change: StateChange | undefined) => View,
  ) {
    if (!isConnection(Object(connection))) {
      throw new TypeError("what was passed is no connection, which `connect` makes")
    }
    if (!(every > 0 && every <= longest)) throw new TypeError(`every cannot be ${every}`)
    this.#connection = connection
    this.#every = every
    this.#read = read
    this.#view = read(undefined)
  }

  readonly view = (): View => this.#view

  readonly subscribe = (changed: () => void): (() => void) => {
    const look = (): void => {
      if (this.#look()) changed()
    }
    const stop = this.#connection.on("state", (change) => {
      this.#change = change
      look()
    })
    const timer = setInterval(look, this.#every)
    this.#look()
    return () => {
      stop()
      clearInterval(timer)
    }
  }

  /** `false`: it is as it was. */
  #look(): boolean {
    const view = this.#read(this.#change)
    if (isSame(view, this.#view)) return false
    this.#view = view
    return true
  }
}
