import { useCall } from "@trunkline/react"
import type { Note } from "@trunkline-example/dashboard-contract"
import { type FormEvent, type ReactNode, useId, useRef } from "react"
import { Button } from "./button.js"
import { failureText } from "./failure-text.js"
import { Refusal } from "./field.js"
import { moveFocus, neighbour, useFocusPassedTo } from "./focus.js"
import { timeOfDay } from "./format.js"
import { client } from "./line.js"
import { me } from "./me.js"
import { Ended, Panel } from "./panel.js"
import { useNotes } from "./streams.js"

/** What viewers leave for each other. */
export function Notes(): ReactNode {
  const view = useNotes()
  return (
    <Panel title="Notes" className="notes">
      <AddNote />
      <ul aria-label="Notes">
        {view.data?.map((note) => (
          <NoteRow key={note.id} note={note} />
        ))}
      </ul>
      {view.data?.length === 0 && (
        <p className="absent">Nothing yet. All viewers see what you write.</p>
      )}
      <Ended view={view} />
    </Panel>
  )
}

function AddNote(): ReactNode {
  const add = useCall((text: string) => client.notes.add({ author: me.name, text }))
  const text = useRef<HTMLTextAreaElement>(null)
  const id = useId()
  const issues = add.error?.code === "VALIDATION" ? add.error.data?.issues : undefined
  const refusal =
    issues?.[0]?.message ??
    (add.error?.code === "BOARD_FULL"
      ? `There are ${add.error.data.most} notes already. Remove one first.`
      : failureText(add.error))
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = event.currentTarget
    const result = await add.run(text.current?.value ?? "")
    if (result.ok && text.current) text.current.value = ""
    if (result.ok || result.error.code === "VALIDATION") moveFocus(form, text.current)
  }
  return (
    <form className="note-form" aria-label="Add a note" onSubmit={submit}>
      <label className="hidden" htmlFor={id}>
        Note
      </label>
      <textarea
        ref={text}
        id={id}
        rows={2}
        placeholder="A note for everybody"
        aria-invalid={issues !== undefined}
        aria-describedby={refusal && `${id}-issue`}
      />
      <Button type="submit" off={add.pending}>
        Add note
      </Button>
      <div id={`${id}-issue`}>
        <Refusal text={refusal} />
      </div>
    </form>
  )
}

function NoteRow({ note }: { readonly note: Note }): ReactNode {
  const remove = useCall((id: string) => client.notes.remove({ id }))
  const row = useFocusPassedTo<HTMLLIElement>(neighbour)
  return (
    <li ref={row}>
      <p>{note.text}</p>
      <footer>
        <span>{note.author}</span>
        <time dateTime={new Date(note.at).toISOString()}>{timeOfDay(note.at)}</time>
        <Button
          className="quiet"
          aria-label={`Remove: ${note.text}`}
          off={remove.pending}
          onClick={() => remove.run(note.id)}
        >
          Remove
        </Button>
      </footer>
      <Refusal text={failureText(remove.error)} />
    </li>
  )
}
