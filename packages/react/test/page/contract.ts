import { call, contract, subscription } from "@trunkline/contract"
import * as z from "zod"

export const counting = contract({
  /** One, two, three, and so on: thousands a second. */
  count: subscription({ item: z.number() }),
  double: call({ input: z.number(), output: z.number(), idempotency: "safe" }),
})
