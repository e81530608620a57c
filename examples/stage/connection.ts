import { type Connection, type ConnectOptions, connect } from "@trunkline/client"

/**
 * The connection of an example's page, kept up until the page goes. The page's header gets a panel that
 * says how the line is, and makes it slow or takes it off: what the examples are about is seen then.
 */
export function connectHere(options: ConnectOptions = {}): Connection {
  const line = crypto.randomUUID()
  const url = new URL(`rpc?line=${line}`, location.href)
  const connection = connect(url, { reconnect: { base: 100, cap: 500 }, ...options })
  document.querySelector("header")?.append(panelOf(connection, line))
  // Says goodbye, so that nobody waits for this page. One that may be shown again stays.
  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) void connection.close()
  })
  return connection
}

function panelOf(connection: Connection, line: string): HTMLElement {
  const panel = document.createElement("form")
  panel.className = "line"
  panel.innerHTML = `
    <output aria-label="State of the line"></output>
    <fieldset>
      <legend>Line</legend>
      <label><input type="radio" name="line" value="good" checked /> Good</label>
      <label><input type="radio" name="line" value="slow" /> Slow</label>
      <label><input type="radio" name="line" value="off" /> Off</label>
    </fieldset>`
  panel.addEventListener("change", () => {
    const condition = new FormData(panel).get("line")
    // The server of the examples cuts or throttles the socket: this asks it to, beside the line.
    void fetch(`/lines/${line}`, { method: "PUT", body: String(condition) })
  })
  const output = panel.querySelector("output")
  const tell = (): void => {
    panel.dataset["state"] = connection.state
    if (output) output.textContent = connection.state
  }
  connection.on("state", tell)
  // Of streams that nobody else answers for; a page that is left closes its own.
  connection.on("error", ({ message }) => {
    if (output && connection.state !== "closed") output.textContent = message
  })
  tell()
  return panel
}
