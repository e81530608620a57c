import { createClient, safe } from "@trunkline/client"
import { connectHere } from "../stage/connection.js"
import { find, make } from "../stage/element.js"
import { changed, inbox, type Notice, users } from "./contract.js"

const devices = ["laptop", "phone"]

const wanted = new URLSearchParams(location.search)
const user = users.find((user) => user === wanted.get("user")) ?? users[0]
const device = devices.find((device) => device === wanted.get("device")) ?? "laptop"

/** What waits for the line waits as long as the page. */
const patient = { timeout: Number.POSITIVE_INFINITY }
const client = createClient(inbox, connectHere({ token: () => user }))

/** What this device has, and up to where in the log: always kept together. */
interface Kept {
  readonly unread: readonly Notice[]
  readonly cursor?: string
}

const place = `unread of ${user} on ${device}`
let kept: Kept = JSON.parse(localStorage.getItem(place) ?? '{ "unread": [] }')
let how = "Continued from what this device had"
let changes = 0

client.unread({ user }, { from: kept.cursor }).subscribe({
  item: (change, cursor) => {
    changes++
    keep(changed(kept.unread, change), cursor)
  },
  // A device that is new here, or was away for longer than the log reaches back.
  note: (note) => {
    if (note.type !== "reset") return
    how = "Loaded all"
    keep(note.state, note.cursor)
  },
})

function keep(unread: readonly Notice[], cursor: string): void {
  kept = { unread, cursor }
  localStorage.setItem(place, JSON.stringify(kept))
  show()
}

function show(): void {
  const { length } = kept.unread
  document.title = `${length > 0 ? `(${length}) ` : ""}Notifications · Trunkline`
  find("#count").textContent = String(length)
  find(".unread").replaceChildren(...kept.unread.map(rowOf).reverse())
  find("#how").textContent = `${how}; changes since then: ${changes}.`
}

function rowOf({ id, text, at }: Notice): HTMLElement {
  const time = new Date(at).toLocaleTimeString([], { timeStyle: "short" })
  const button = make("button", "", "Read")
  button.ariaLabel = `Read: ${text}`
  button.addEventListener("click", () => {
    button.disabled = true
    void safe(client.read({ id }, patient))
  })
  return make("li", "card", make("p", "", text, make("small", "", time)), button)
}

find("form.send").addEventListener("submit", async (event) => {
  event.preventDefault()
  const input = find<HTMLInputElement>("[name=text]")
  const to = users.find((user) => user === find<HTMLSelectElement>("[name=to]").value)
  const text = input.value.trim()
  if (!to || text === "") return
  input.value = ""
  find("#sent").textContent = "On its way …"
  const sent = await safe(client.notify({ user: to, text }, patient))
  find("#sent").textContent = sent.ok ? `Sent to ${to}.` : sent.error.message
})

function addLinks(place: string, name: "user" | "device", all: readonly string[], own: string) {
  for (const one of all) {
    const link = make("a", "", one)
    link.href = `?${new URLSearchParams({ user, device, [name]: one })}`
    if (one === own) link.ariaCurrent = "page"
    find(place).append(link)
  }
}

addLinks("#users", "user", users, user)
addLinks("#devices", "device", devices, device)
find<HTMLSelectElement>("[name=to]").append(...users.map((user) => make("option", "", user)))
show()
