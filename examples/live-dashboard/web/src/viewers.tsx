import { type FormEvent, type ReactNode, useState } from "react"
import { Button } from "./button.js"
import { me } from "./me.js"
import { Ended, Panel } from "./panel.js"
import { useViewers } from "./streams.js"

/** Who watches now. To be on the list is to have its stream open. */
export function Viewers(): ReactNode {
  const [name, setName] = useState(me.name)
  const view = useViewers(name)
  const rename = (name: string) => {
    me.name = name
    setName(name)
  }
  return (
    <Panel
      title="Watching"
      className="viewers"
      aside={<span className="tally">{view.latest?.length ?? "–"}</span>}
    >
      <ul aria-label="Viewers">
        {view.latest?.map(({ id, name, you }) => (
          <li key={id} data-you={you}>
            {name}
            {you && <span className="you"> you</span>}
          </li>
        ))}
      </ul>
      <Rename name={name} onRename={rename} />
      <Ended view={view} />
    </Panel>
  )
}

/** Another name is another input, and so another stream. */
function Rename({
  name: current,
  onRename,
}: {
  readonly name: string
  readonly onRename: (name: string) => void
}): ReactNode {
  const [name, setName] = useState(current)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onRename(name)
  }
  return (
    <form className="rename" aria-label="Change your name" onSubmit={submit}>
      <label>
        <span className="hidden">Your name</span>
        <input
          value={name}
          required
          maxLength={24}
          autoComplete="off"
          onChange={({ target }) => setName(target.value)}
        />
      </label>
      <Button type="submit" off={name.trim() === "" || name === current}>
        Rename
      </Button>
    </form>
  )
}
