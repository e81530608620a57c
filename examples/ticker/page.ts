import { type Client, createClient, safe } from "@trunkline/client"
import { connectHere } from "../stage/connection.js"
import { find, make } from "../stage/element.js"
import { ticker } from "./contract.js"
import { Market } from "./market.js"

interface Device {
  readonly client: Client<typeof ticker>
  readonly market: Market
  readonly place: string
}

const button = find("#halt")
let halted = false

function showHalted(now: boolean): void {
  halted = now
  button.textContent = halted ? "Open the market" : "Halt the market"
}

button.addEventListener("click", async () => {
  await desk.client.halt(!halted)
  showHalted(!halted)
})

/** Two devices with a line each: the desk's is good, the phone's slow. */
const desk = deviceAt("#desk")
const phone = deviceAt("#phone", "slow")

function deviceAt(place: string, condition?: "slow"): Device {
  const connection = connectHere({ place: `${place} .top`, condition })
  const client = createClient(ticker, connection)
  const market = new Market(find(`${place} canvas`))

  /** Asked for behind the stream: a change is in the answer, or comes after it. */
  const load = async (): Promise<void> => {
    const asked = await safe(client.market())
    if (!asked.ok) return
    market.load(asked.value.prices)
    showHalted(asked.value.halted)
  }
  client.prices().subscribe({
    item: ({ symbol, price }) => market.change(symbol, price),
    note: (note) => {
      if (note.type === "dropped") market.leftOut += note.count
      else if (note.type === "restarted") void load()
    },
  })
  void load()
  return { client, market, place }
}

function draw(): void {
  desk.market.draw()
  phone.market.draw()
  requestAnimationFrame(draw)
}
draw()

setInterval(() => {
  for (const { market, place } of [desk, phone]) {
    tell(`${place} .received`, market.received)
    tell(`${place} .left-out`, market.leftOut)
    find(`${place} ol`).replaceChildren(...market.largest(5).map(rowOf))
  }
  tell("#same", desk.market.sameAs(phone.market))
}, 250)

function tell(place: string, number: number): void {
  find(place).textContent = number.toLocaleString("en")
}

function rowOf({
  symbol,
  price,
}: {
  readonly symbol: string
  readonly price: number
}): HTMLElement {
  return make("li", "", make("b", "", symbol), price.toFixed(2))
}
