import { implement, type Server, serve, topic } from "@trunkline/server"
import { count, symbols, ticker } from "./contract.js"

/** Prices that change in a second. */
const rate = 5_000

const last = Array.from({ length: count }, () => 100)
let halted = false

// Values that come by themselves: each is checked and written once, for all who read.
const prices = topic(ticker.prices)

let then = Date.now()
setInterval(() => {
  const due = Math.min(rate, ((Date.now() - then) * rate) / 1_000)
  then = Date.now()
  if (halted || prices.readers === 0) return
  for (let i = 0; i < due; i++) change(Math.floor(Math.random() * count))
}, 20)

/** Moods go through the market like waves, and each price follows when it is traded. */
function change(index: number): void {
  const [x, y, time] = [index % 125, Math.floor(index / 125), Date.now() / 3_000]
  const mood = Math.sin(x / 14 + time) + Math.sin(y / 11 - time / 2) + Math.random() / 2
  const price = Math.round(10_000 + 500 * mood) / 100
  last[index] = price
  void prices.publish({ symbol: symbols[index] ?? "", price })
}

const router = implement(ticker, {
  market: () => ({ halted, prices: last }),
  prices,
  halt: ({ input }) => {
    halted = input
  },
})

export const server: Server = serve(router)
