import type { Machine, Process } from "@trunkline-example/dashboard-contract"
import { type ReactNode, useMemo, useState } from "react"
import { bytes, count } from "./format.js"
import { Ended, Panel } from "./panel.js"
import { Scroll } from "./scroll.js"
import { useProcesses } from "./streams.js"

type Key = "name" | "pid" | "state" | "cpu" | "memory" | "threads"

interface Column {
  readonly key: Key
  readonly title: string
  readonly text: (process: Process) => string
  /** Numbers stand to the right, and the largest comes first. */
  readonly numeric: boolean
}

const columns: readonly Column[] = [
  { key: "name", title: "Process", text: ({ name }) => name, numeric: false },
  { key: "pid", title: "PID", text: ({ pid }) => String(pid), numeric: true },
  { key: "state", title: "State", text: ({ state }) => states[state] ?? state, numeric: false },
  { key: "cpu", title: "CPU", text: ({ cpu }) => `${cpu.toFixed(1)} %`, numeric: true },
  { key: "memory", title: "Memory", text: ({ memory }) => bytes(memory), numeric: true },
  { key: "threads", title: "Threads", text: ({ threads }) => count(threads), numeric: true },
]

const states: Readonly<Record<string, string>> = {
  R: "running",
  S: "sleeping",
  D: "waiting",
  I: "idle",
  T: "stopped",
  Z: "zombie",
}

interface Order {
  readonly key: Key
  readonly down: boolean
}

/** More than this would cost a large machine's viewers more than it tells them. */
const mostRows = 200

/** What runs on the machine, in the order that the reader wants. */
export function ProcessTable({ machine }: { readonly machine: Machine | undefined }): ReactNode {
  const view = useProcesses()
  const [order, setOrder] = useState<Order>({ key: "cpu", down: true })
  const [sought, setSought] = useState("")
  const table = view.data
  const rows = useMemo(
    () => arranged([...(table?.rows.values() ?? [])], order, sought),
    [table, order, sought],
  )
  const search = (
    <label className="search">
      <span className="hidden">Find a process</span>
      <input
        type="search"
        placeholder="Find"
        value={sought}
        onChange={({ target }) => setSought(target.value)}
      />
    </label>
  )
  return (
    <Panel
      title="Processes"
      className="processes"
      aside={
        <>
          <span className="tally">{count(table?.rows.size ?? 0)}</span>
          {search}
        </>
      }
    >
      <Ended view={view} />
      {machine?.missing.includes("processes") ? (
        <p className="absent">This system does not list its processes.</p>
      ) : (
        <Scroll label="Process table">
          <table>
            <thead>
              <tr>
                {columns.map((column) => (
                  <Head key={column.key} column={column} order={order} onOrder={setOrder} />
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((process) => (
                <tr key={process.pid}>
                  {columns.map(({ key, text, numeric }) => (
                    <td key={key} className={`cell-${key} ${numeric ? "number" : ""}`}>
                      {text(process)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
    </Panel>
  )
}

interface HeadProps {
  readonly column: Column
  readonly order: Order
  readonly onOrder: (order: Order) => void
}

function Head({ column: { key, title, numeric }, order, onOrder }: HeadProps): ReactNode {
  const sorted = order.key === key
  const sort = sorted ? (order.down ? "descending" : "ascending") : "none"
  const next = sorted ? !order.down : numeric
  return (
    <th scope="col" aria-sort={sort} className={`cell-${key} ${numeric ? "number" : ""}`}>
      <button type="button" onClick={() => onOrder({ key, down: next })}>
        {title}
        <span className="arrow" aria-hidden="true">
          {sorted ? (order.down ? "↓" : "↑") : ""}
        </span>
      </button>
    </th>
  )
}

/** Equal rows stand by their number, so that they do not dance. */
function arranged(rows: Process[], { key, down }: Order, sought: string): readonly Process[] {
  const found = rows.filter(({ name }) => name.toLowerCase().includes(sought.toLowerCase()))
  const sign = down ? -1 : 1
  found.sort((a, b) => sign * compare(a[key], b[key]) || a.pid - b.pid)
  return found.slice(0, mostRows)
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === "string") return a.localeCompare(String(b))
  return a - Number(b)
}
