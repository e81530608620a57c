import { createClient, safe } from "@trunkline/client"
import { connectHere } from "../stage/connection.js"
import { find, make } from "../stage/element.js"
import { Board, colours } from "./board.js"
import { type Direction, game, type World } from "./contract.js"

const client = createClient(game, connectHere())
const board = new Board(find("canvas"))
let shown = 0
let leftOut = 0

async function join(): Promise<void> {
  const joined = await safe(client.join())
  if (joined.ok) board.own = joined.value
  find("#who").textContent = joined.ok
    ? `You are ${joined.value}.`
    : joined.error.code === "FULL"
      ? "All places are taken: you watch."
      : joined.error.message
}

client.world().subscribe({
  item: (world) => {
    board.show(world)
    showScore(world)
    find("#ticks").textContent = `Tick ${world.tick}. Shown ${++shown}, left out ${leftOut}.`
  },
  note: (note) => {
    if (note.type === "dropped") leftOut += note.count
    // Another session, of which the server knows no player.
    else if (note.type === "restarted") void join()
  },
})
void join()

function showScore({ players }: World): void {
  const rows = players.map(({ name, coins, x, y }) => {
    const row = make("li", "", `${name} ${coins}`)
    row.style.setProperty("--player", colours[name])
    row.dataset["place"] = `${Math.round(x)},${Math.round(y)}`
    return row
  })
  find("#score").replaceChildren(...rows)
}

/** Keys and buttons that are held down, by the way they lead. */
const held = new Set<string>()
const ways: Readonly<Record<string, Direction>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
}

/** Tells the server only what has changed. Without a line it waits, and the last word counts. */
function hold(way: string, down: boolean): void {
  if (held.has(way) === down) return
  if (down) held.add(way)
  else held.delete(way)
  const sum = { x: 0, y: 0 }
  for (const one of held) {
    sum.x += ways[one]?.x ?? 0
    sum.y += ways[one]?.y ?? 0
  }
  client.steer(sum)
}

for (const type of ["keydown", "keyup"] as const) {
  addEventListener(type, (event) => {
    if (!(event.key in ways)) return
    event.preventDefault()
    hold(event.key, type === "keydown")
  })
}
addEventListener("blur", () => {
  for (const way of [...held]) hold(way, false)
})
for (const button of document.querySelectorAll<HTMLButtonElement>(".pad button")) {
  button.addEventListener("pointerdown", () => hold(button.value, true))
  for (const end of ["pointerup", "pointerleave", "pointercancel"] as const) {
    button.addEventListener(end, () => hold(button.value, false))
  }
}
