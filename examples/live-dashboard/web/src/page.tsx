import { useCall } from "@trunkline/react"
import type { Machine } from "@trunkline-example/dashboard-contract"
import { type ReactNode, useEffect, useSyncExternalStore } from "react"
import { Alerts } from "./alerts.js"
import { Charts } from "./charts.js"
import { bytes, duration } from "./format.js"
import { HoldProvider } from "./hold.js"
import { client } from "./line.js"
import { LinePanel, LineState } from "./line-panel.js"
import { Notes } from "./notes.js"
import { ProcessTable } from "./process-table.js"
import { onThemeChange, theme, toggleTheme } from "./theme.js"
import { Viewers } from "./viewers.js"

export function Page(): ReactNode {
  const machine = useMachine()
  return (
    <HoldProvider>
      <a className="skip" href="#content">
        Skip to the charts
      </a>
      <header className="top">
        <img className="mark" src="/icon.svg" alt="" />
        <div className="who">
          <h1>{machine?.host ?? " "}</h1>
          <p>{machine ? describe(machine) : " "}</p>
        </div>
        <div role="status">
          <LineState />
        </div>
        <ThemeButton />
      </header>
      <main id="content">
        <Charts machine={machine} />
        <aside className="side">
          <LinePanel />
          <Viewers />
          <Notes />
        </aside>
        <div className="lower">
          <ProcessTable machine={machine} />
          <Alerts />
        </div>
      </main>
    </HoldProvider>
  )
}

/** Asked once: what this machine is does not change while its server runs. */
function useMachine(): Machine | undefined {
  const { run, data } = useCall(client.machine, { onLeave: "cancel" })
  useEffect(() => {
    // It waits for the line as long as it takes.
    void run(undefined, { timeout: Number.POSITIVE_INFINITY })
  }, [run])
  return data
}

function describe({ system, processor, cores, memory, upSince }: Machine): string {
  const up = duration(Date.now() - upSince)
  return [system, `${cores} × ${processor || "core"}`, bytes(memory), `up ${up}`].join(" · ")
}

function ThemeButton(): ReactNode {
  const shown = useSyncExternalStore(onThemeChange, theme)
  const other = shown === "dark" ? "light" : "dark"
  return (
    <button type="button" className="quiet theme" onClick={toggleTheme}>
      <span aria-hidden="true">{shown === "dark" ? "☀" : "☾"}</span>
      <span className="hidden">Show in {other} colours</span>
    </button>
  )
}
