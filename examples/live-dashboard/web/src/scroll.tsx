import type { ReactNode } from "react"

export interface ScrollProps {
  readonly label: string
  /** New lines are read out as they come. */
  readonly log?: boolean
  readonly className?: string
  readonly children: ReactNode
}

/** A box of a fixed height with more in it than fits; keys scroll it too, so it takes the focus. */
export function Scroll({ label, log = false, className = "", children }: ScrollProps): ReactNode {
  return (
    <section
      className={`scroll ${className}`}
      {...(log && { role: "log" })}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no pointer scrolls it by keys
      tabIndex={0}
    >
      {children}
    </section>
  )
}
