/** What the rolling restart is shown with: a contract, for the processes that serve it and their clients. */
import { call, contract, subscription } from "@trunkline/contract"
import * as z from "zod"

export const service = contract({
  /** Never to run twice. */
  add: call({ input: z.number(), output: z.number() }),
  /** Takes its time, and may not run twice either. */
  slow: call({ input: z.number(), output: z.number() }),
  look: call({ output: z.number(), idempotency: "safe" }),
  /** Of the process that serves it. */
  ticks: subscription({ item: z.number(), restart: "fresh" }),
  /** Of a broker that outlives the processes. */
  feed: subscription({ item: z.number(), replay: "topic" }),
})
