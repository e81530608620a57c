import type { SubscriptionState } from "@trunkline/react"
import { type ReactNode, useId, useState } from "react"
import { panel, useFocusPassedTo } from "./focus.js"

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

/** Says that a stream has ended, and why, until it is there again; it can be begun again. */
export function Ended({
  view,
}: {
  readonly view: Pick<SubscriptionState, "status" | "retry"> & {
    readonly error: { readonly code: string } | undefined
  }
}): ReactNode {
  const { error, status, retry } = view
  const [code, setCode] = useState<string>()
  const ended = error?.code ?? (status === "connecting" ? code : undefined)
  if (ended !== code) setCode(ended)
  return ended && <End code={ended} onAgain={retry} />
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
