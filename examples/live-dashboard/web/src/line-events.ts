import type { StateChange, StreamNote } from "@trunkline/client"
import { useEffect, useReducer } from "react"
import { connection } from "./line.js"
import { useAlerts, useNotes } from "./streams.js"

/** Something that happened to the line, or to a stream on it. */
export interface LineEvent {
  readonly id: number
  readonly at: number
  readonly text: string
}

interface History {
  /** Newest first. */
  readonly events: readonly LineEvent[]
  readonly lostAt: number | undefined
  readonly session: string | undefined
}

type Happening =
  | { readonly change: StateChange; readonly session: string | undefined; readonly at: number }
  | { readonly text: string; readonly at: number }

const mostEvents = 20
const nothingYet: History = { events: [], lostAt: undefined, session: undefined }

/** What happened to the line since the page is there. */
export function useLineEvents(): readonly LineEvent[] {
  const [{ events }, happened] = useReducer(told, nothingYet)
  useEffect(
    () =>
      connection.on("state", (change) =>
        happened({ change, session: connection.info.session, at: Date.now() }),
      ),
    [],
  )
  useTold("Alerts", useAlerts().note, happened)
  useTold("Notes", useNotes().note, happened)
  return events
}

function useTold(
  stream: string,
  note: StreamNote | undefined,
  happened: (happening: Happening) => void,
): void {
  useEffect(() => {
    const text = note && noteTexts[note.type]
    if (text) happened({ text: `${stream}: ${text}`, at: Date.now() })
  }, [stream, note, happened])
}

const noteTexts: { readonly [Type in StreamNote["type"]]?: string } = {
  gap: "some are lost, the store no longer has them",
  reset: "sent whole",
  stalled: "the store cannot be reached",
}

function told(history: History, happening: Happening): History {
  if ("text" in happening) return tell(history, happening.text, happening.at)
  const { change, session, at } = happening
  const { from, to, code } = change
  if (to === "draining") return tell(history, "The server is about to leave", at)
  if (to === "open") {
    const told = tell(history, opening(history, session, at), at)
    return { ...told, session, lostAt: undefined }
  }
  if (from === "connecting" || (to !== "waiting" && to !== "closed")) return history
  const why = code === undefined ? "" : ` with code ${code}`
  return { ...tell(history, `Lost${why}`, at), lostAt: at }
}

function opening({ session: before, lostAt }: History, session: string | undefined, at: number) {
  const away = lostAt === undefined ? "" : ` after ${Math.round(at - lostAt)} ms`
  if (before === undefined) return "Opened a session"
  if (away === "") return "Moved to another session, no gap"
  return session === before ? `Healed${away}, same session` : `New session${away}, streams anew`
}

function tell(history: History, text: string, at: number): History {
  const id = (history.events[0]?.id ?? 0) + 1
  return { ...history, events: [{ id, at, text }, ...history.events].slice(0, mostEvents) }
}
