import { type FormEvent, type ReactNode, useState } from "react"
import { Button } from "./button.js"
import { useStream } from "./hooks.js"
import { me } from "./me.js"
import { Ended, Panel } from "./panel.js"
import { viewers } from "./streams.js"

/** Who watches now. To be on the list is to have its stream open. */
export function Viewers(): ReactNode {
  const view = useStream(viewers)
  return (
    <Panel
      title="Watching"
      className="viewers"
      aside={<span className="tally">{view.state?.length ?? "–"}</span>}
    >
      <ul aria-label="Viewers">
        {view.state?.map(({ id, name, you }) => (
          <li key={id} data-you={you}>
            {name}
            {you && <span className="you"> you</span>}
          </li>
        ))}
      </ul>
      <Rename />
      <Ended store={viewers} view={view} />
    </Panel>
  )
}

/** Another name is another input, and so another stream. */
function Rename(): ReactNode {
  const [name, setName] = useState(me.name)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    me.name = name
    viewers.begin()
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
      <Button type="submit" off={name.trim() === "" || name === me.name}>
        Rename
      </Button>
    </form>
  )
}
