import { type Connection, type ConnectOptions, connect } from "@trunkline/client"
import { find, make } from "./element.js"

export interface HereOptions extends ConnectOptions {
  /** Where the panel of its line is put, if not into the page's header. */
  readonly place?: string | undefined
  /** How its line is at first, if not good. */
  readonly condition?: "slow" | undefined
}

/**
 * A connection of an example's page, kept up until the page goes. The page gets a panel that says how the
 * line is, and makes it slow or takes it off: what the examples are about is seen then.
 */
export function connectHere({ place, condition, ...options }: HereOptions = {}): Connection {
  const line = Math.random().toString(36).slice(2)
  const url = new URL(`rpc?line=${line}`, location.href)
  const connection = connect(url, { reconnect: { base: 100, cap: 500 }, ...options })
  const panel = panelOf(connection)
  panel.addEventListener("change", () => put(line, new FormData(panel).get("line")))
  find(place ?? "header").append(panel)
  if (condition) panel.querySelector<HTMLInputElement>(`[value=${condition}]`)?.click()
  // Says goodbye, so that nobody waits for this page. One that may be shown again stays.
  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) void connection.close()
  })
  return connection
}

/** Asks the server of the examples, beside the line, to cut the line or to slow it down. */
function put(line: string, condition: unknown): void {
  void fetch(`/lines/${line}/${condition}`, { method: "PUT" })
}

function panelOf(connection: Connection): HTMLFormElement {
  const panel = make("form", "line")
  panel.innerHTML = `
    <output aria-label="State of the line"></output>
    <fieldset>
      <legend>Line</legend>
      <label><input type="radio" name="line" value="good" checked /> Good</label>
      <label><input type="radio" name="line" value="slow" /> Slow</label>
      <label><input type="radio" name="line" value="off" /> Off</label>
    </fieldset>`
  const output = panel.querySelector("output")
  const tell = (text: string): void => {
    panel.dataset["state"] = connection.state
    if (output) output.textContent = text
  }
  connection.on("state", ({ to }) => tell(to))
  // Of streams that nobody else answers for; a page that is left closes its own.
  connection.on("error", ({ message }) => tell(message))
  tell(connection.state)
  return panel
}
