import type { ReactNode } from "react"
import { Ended } from "./panel.js"
import { usePulse } from "./streams.js"

/** How busy each core is, several times a second. */
export function Cores(): ReactNode {
  const view = usePulse()
  const { number = 0, cores = [] } = view.latest ?? {}
  return (
    <>
      <ol className="cores" aria-label="Cores" data-pulse={number}>
        {cores.map((busy, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a core is its place
          <li key={index}>
            <span className="core-name" aria-hidden="true">
              {index}
            </span>
            <meter min={0} max={100} value={busy} aria-label={`Core ${index}`}>
              {busy} %
            </meter>
            <span className="core-bar" aria-hidden="true">
              <span style={{ transform: `scaleX(${busy / 100})` }} />
            </span>
            <span className="core-value" aria-hidden="true">
              {Math.round(busy)} %
            </span>
          </li>
        ))}
      </ol>
      <Ended view={view} />
    </>
  )
}
