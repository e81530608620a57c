import { call, contract, subscription } from "@trunkline/contract"
import * as z from "zod"

/** Instruments on the market. */
export const count = 10_000

/** Instruments by their names: all letters differ from one to the next. */
export const symbols: readonly string[] = Array.from({ length: count }, (_, index) => {
  const number = (index * 45_677) % 26 ** 4
  return [26 ** 3, 26 ** 2, 26, 1]
    .map((place) => String.fromCharCode(65 + (Math.floor(number / place) % 26)))
    .join("")
})

const Price = z.object({ symbol: z.string(), price: z.number() })

export const ticker = contract({
  /** Where the market stands, its prices in the order of `symbols`. */
  market: call({
    output: z.object({ halted: z.boolean(), prices: z.array(z.number()).length(count) }),
    idempotency: "safe",
  }),
  /** Each price that changes. Who cannot take them all gets of each symbol the newest. */
  prices: subscription({ item: Price, delivery: { conflate: "symbol" }, restart: "fresh" }),
  /** Stops the market, or lets it go on. */
  halt: call({ input: z.boolean(), idempotency: "idempotent" }),
})
