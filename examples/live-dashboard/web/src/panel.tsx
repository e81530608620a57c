import { type ReactNode, useId } from "react"
import { panel, useFocusPassedTo } from "./focus.js"
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
  return view.error && <End code={view.error.code} onAgain={() => store.begin()} />
}

function End({
  code,
  onAgain,
}: {
  readonly code: string
  readonly onAgain: () => void
}): ReactNode {
  const part = useFocusPassedTo<HTMLParagraphElement>(panel)
  return (
    <p className="ended" role="alert" ref={part}>
      This stream ended: {code}.{" "}
      <button type="button" onClick={onAgain}>
        Begin again
      </button>
    </p>
  )
}
