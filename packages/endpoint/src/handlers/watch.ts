import type { Failure, Observation } from "@trunkline/protocol"
import { callUser } from "@trunkline/transport"
import type { SessionInfo } from "./handler.js"
import type { Entry } from "./router.js"

/** What observers are told of a call, a stream or an event. */
export interface Observed {
  /** The dotted path: of what is served, always one of the contract. */
  readonly path: string
  readonly kind: Entry["procedure"]["kind"] | undefined
  /** Whose it is; undefined at a client. */
  readonly session?: SessionInfo | undefined
  /** Session and channel: names it in the log lines of both sides; undefined before it was sent. */
  readonly correlationId?: string | undefined
  /** The caller's place in a trace, as W3C has it. */
  readonly traceparent?: string | undefined
}

/** Hears of calls, streams and events as they begin: for metrics and traces. */
export interface Observer {
  /** Something begins. What it gives hears of the rest; it must not throw. */
  started(what: Observed): Observation | undefined
}

/** Throws a TypeError for what none is: it would be known with each call, and to nobody who could tell why. */
export function checkObserver(observer: Observer): void {
  if (typeof observer?.started === "function") return
  throw new TypeError("observe: an observer has a function `started`")
}

/** One call, stream or event with all who observe it. */
export class Watch implements Observation {
  readonly #observations: readonly Observation[]
  #over = false

  /** `undefined` when nobody wants to know: then it costs nothing. */
  static begin(observers: ReadonlySet<Observer>, what: Observed): Watch | undefined {
    const observations: Observation[] = []
    for (const observer of observers) {
      callUser(() => {
        const observation = observer.started(what)
        if (observation) observations.push(observation)
      })
    }
    return observations.length > 0 ? new Watch(observations) : undefined
  }

  private constructor(observations: readonly Observation[]) {
    this.#observations = observations
  }

  run<T>(code: () => T): T {
    return this.#within(code, 0)
  }

  /** The first end counts: a stream whose last items are on their way can still be cancelled. */
  ended(failure: Failure | undefined): void {
    if (this.#over) return
    this.#over = true
    for (const observation of this.#observations) callUser(() => observation.ended(failure))
  }

  #within<T>(code: () => T, index: number): T {
    const observation = this.#observations[index]
    if (!observation) return code()
    const inner = (): T => this.#within(code, index + 1)
    return observation.run ? observation.run(inner) : inner()
  }
}

/** A source whose code runs where its handler did. */
export function watchedIterator<T>(source: AsyncIterator<T>, watch: Watch): AsyncIterator<T> {
  return {
    next: () => watch.run(() => source.next()),
    ...(source.return && { return: () => watch.run(() => source.return?.() ?? finished()) }),
  }
}

async function finished(): Promise<IteratorReturnResult<undefined>> {
  return { done: true, value: undefined }
}
