import { call, contract, event, subscription } from "@trunkline/contract"
import * as z from "zod"

const work = {
  input: z.object({
    id: z.string(),
    /** Milliseconds that the handler takes. */
    delay: z.number(),
    filler: z.string(),
    /** Characters of the answer. */
    answer: z.number(),
    fails: z.boolean(),
  }),
  output: z.object({ run: z.string(), filler: z.string() }),
  errors: { FAILED: z.object({ run: z.string() }) },
}
const counted = z.object({ run: z.string(), n: z.number() })

/** What is used while its line is cut: something of everything. */
export const service = contract({
  plain: call(work),
  safe: call({ ...work, idempotency: "safe" }),
  keyed: call({ ...work, idempotency: "key" }),
  said: event({ input: z.object({ who: z.string(), n: z.number() }) }),
  ticks: subscription({ item: counted, replay: "topic", onGap: "continue" }),
  count: subscription({ item: counted }),
  fresh: subscription({ item: counted, restart: "fresh" }),
  /** Ends the ticks; gives the cursor of the last one. */
  rest: call({ output: z.string() }),
})

/** What a program of the service is started with. */
export interface Parameters {
  /** Where its handlers log. */
  readonly file: string
  /** Names the program: a later one knows nothing of an earlier one. */
  readonly name: string
  readonly port: number
}
