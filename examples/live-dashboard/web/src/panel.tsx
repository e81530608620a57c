import { type ReactNode, useId } from "react"
import type { Followed, StreamView } from "./stream-store.js"

export interface PanelProps {
  readonly title: string
  readonly className?: string
  /** Stands beside the title. */
  readonly aside?: ReactNode
  readonly children: ReactNode
}

/** A part of the page with its name. */
export function Panel({ title, className = "", aside, children }: PanelProps): ReactNode {
  const id = useId()
  return (
    <section className={`panel ${className}`} aria-labelledby={id}>
      <header className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </header>
      {children}
    </section>
  )
}

/** Says that a stream has ended, and why; it can be begun again. */
export function Ended<State>({
  store,
  view,
}: {
  readonly store: Followed<State>
  readonly view: StreamView<State>
}): ReactNode {
  if (!view.error) return null
  return (
    <p className="ended" role="alert">
      This stream ended: {view.error.code}.{" "}
      <button type="button" onClick={() => store.begin()}>
        Begin again
      </button>
    </p>
  )
}
