import { useCall, useConnection, useConnectionInfo } from "@trunkline/react"
import type { ReactNode } from "react"
import { Button } from "./button.js"
import { bytes, count, timeOfDay } from "./format.js"
import { useHold } from "./hold.js"
import { client, connection } from "./line.js"
import { useLineEvents } from "./line-events.js"
import { Panel } from "./panel.js"
import { Scroll } from "./scroll.js"
import { nothingSeen } from "./sequence.js"
import { useAlerts, useDropped, useNotes, useSamples } from "./streams.js"

/** Milliseconds between two looks at the figures. The state is told as it changes. */
const every = 500

/** The line itself: how it is, what it carried, and what it does when it is treated badly. */
export function LinePanel(): ReactNode {
  const { latency } = useConnection(connection, { every })
  const info = useConnectionInfo(connection, { every }) ?? connection.info
  const dropped = useDropped()
  const [alerts, notes] = [useAlerts().cursor, useNotes().cursor]
  const events = useLineEvents()
  const figures: readonly (readonly [string, string, string])[] = [
    [
      "Round trip",
      latency === undefined ? "–" : `${latency.toFixed(1)} ms`,
      "How long the last message to the server took to be answered",
    ],
    ["Subprotocol", info.subprotocol, "What page and server have agreed to speak"],
    ["Session", info.session ?? "–", "It outlives a cut of the line, and not its server"],
    [
      "Frames in / out",
      `${count(info.framesIn)} / ${count(info.framesOut)}`,
      "Calls, results and items of this session: numbered, and kept until they are acknowledged",
    ],
    ["Bytes in / out", `${bytes(info.unitsIn)} / ${bytes(info.unitsOut)}`, "Of this session"],
    [
      "Replayed out / in",
      `${count(info.replayed)} / ${count(info.duplicates)}`,
      "Frames sent again after a cut, and frames that came again and were not applied twice",
    ],
    [
      "Dropped",
      count(dropped),
      "Values skipped because this page was slow, as the contract allows",
    ],
    [
      "Alerts cursor",
      alerts ?? "–",
      "The place of the last alert in the server's log: the feed goes on after it, whatever happens",
    ],
    [
      "Notes cursor",
      notes ?? "–",
      "The place of the last change in the log of notes: they go on after it, whatever happens",
    ],
  ]
  return (
    <Panel title="Line" className="line" aside={<LineState />}>
      <dl className="facts">
        {figures.map(([label, text, title]) => (
          <div key={label} title={title}>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </div>
        ))}
        <SequenceFact />
      </dl>
      <Actions />
      <Scroll log label="What happened to the line" className="line-events">
        <ol>
          {events.map(({ id, at, text }) => (
            <li key={id}>
              <span>{text}</span>
              <time dateTime={new Date(at).toISOString()}>{timeOfDay(at)}</time>
            </li>
          ))}
        </ol>
      </Scroll>
    </Panel>
  )
}

const words = {
  connecting: "Connecting",
  open: "Open",
  waiting: "Waiting to try again",
  draining: "Moving",
  closed: "Closed",
} as const

/** The state in a word. */
export function LineState(): ReactNode {
  const { state } = useConnection(connection)
  const { held } = useHold()
  return (
    <span className="state" data-state={held ? "held" : state}>
      <span className="lamp" />
      {held ? "Held" : words[state]}
    </span>
  )
}

/** The samples are numbered by the server, and counted here: the proof that none is missing. */
function SequenceFact(): ReactNode {
  const { sequence = nothingSeen } = useSamples().data ?? {}
  const { first, last, missing, twice, earlierRuns, run } = sequence
  return (
    <div
      title="The server numbers its samples, and this page counts them"
      data-sequence=""
      data-run={run}
      data-first={first}
      data-last={last}
      data-missing={missing}
      data-twice={twice}
      data-earlier-runs={earlierRuns}
    >
      <dt>Samples</dt>
      <dd>
        {first}–{last}, {missing} missing, {twice} twice
      </dd>
    </div>
  )
}

function Actions(): ReactNode {
  const cut = useCall(client.line.cut)
  const drain = useCall(client.line.drain)
  const { held, toggle } = useHold()
  return (
    <div className="actions">
      <Button
        off={cut.pending}
        title="The server destroys the TCP connection of this page"
        onClick={() => cut.run()}
      >
        Cut the line
      </Button>
      <Button
        off={drain.pending}
        title="As in a deploy: another server takes over, and this one drains before it leaves"
        onClick={() => drain.run()}
      >
        Replace the server
      </Button>
      <button
        type="button"
        aria-pressed={held}
        title="This page takes nothing more from its streams"
        onClick={toggle}
      >
        {held ? "Release the reader" : "Hold the reader"}
      </button>
      <a
        className="button"
        title="This page once more, in a new tab"
        href="/"
        target="_blank"
        rel="noopener"
      >
        Add a viewer
      </a>
    </div>
  )
}
