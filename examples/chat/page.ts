import { createClient, safe } from "@trunkline/client"
import { connectHere } from "../stage/connection.js"
import { find, make } from "../stage/element.js"
import { chat, type Message, type Person, rooms } from "./contract.js"

const wanted = new URLSearchParams(location.search)
const name = wanted.get("name")
const room = rooms.find((room) => room === wanted.get("room")) ?? rooms[0]

if (name) enter(name)
else find(".join").hidden = false

function enter(name: string): void {
  const connection = connectHere({ token: () => name })
  const client = createClient(chat, connection)

  const list = find("ol")
  const add = ({ from, text, at }: Message): void => {
    const time = at.toLocaleTimeString([], { timeStyle: "short" })
    const who = make("small", "", from === name ? time : `${from} · ${time}`)
    list.append(make("li", from === name ? "own" : "", who, text))
    list.scrollTop = list.scrollHeight
  }

  client.messages({ room }).subscribe({
    item: add,
    note: (note) => {
      if (note.type !== "reset") return
      list.replaceChildren()
      for (const message of note.state) add(message)
    },
  })

  client.people({ room }).subscribe({ item: (people) => showPeople(people, name) })

  const form = find<HTMLFormElement>(".say")
  const input = find<HTMLInputElement>(".say input")
  const sent = find(".sent")
  input.addEventListener("input", () => client.typing({ room }))
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const text = input.value.trim()
    if (text === "") return
    input.value = ""
    const waiting = make("li", "", text)
    sent.append(waiting)
    // A tunnel may be long: it waits until the line is back, unless the page goes.
    const said = await safe(client.say({ room, text }, { timeout: Number.POSITIVE_INFINITY }))
    if (said.ok) waiting.remove()
    else waiting.append(make("small", "", `not said: ${said.error.message}`))
  })

  for (const room of rooms) addRoom(room, name)
  find("main").hidden = false
  input.focus()
}

function addRoom(name: string, who: string): void {
  const link = make("a", "", name)
  link.href = `?${new URLSearchParams({ name: who, room: name })}`
  if (name === room) link.ariaCurrent = "page"
  find("nav").append(link)
}

function showPeople(people: readonly Person[], self: string): void {
  find("[aria-label=People]").replaceChildren(...people.map(({ name }) => make("li", "", name)))
  const typing = people.filter((person) => person.typing && person.name !== self)
  const names = typing.map(({ name }) => name).join(", ")
  find(".typing").textContent = names && `${names} ${typing.length > 1 ? "are" : "is"} typing …`
}
