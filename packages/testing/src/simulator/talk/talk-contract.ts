import { call, contract, event, subscription } from "@trunkline/contract"
import * as z from "zod"

/** Some of what is sent is longer, and dropped. */
const Filler = z.string().max(6_500)

/** What clients send to the server so that it can call them back. */
export const toServer = contract({
  greet: call({ input: z.object({ client: z.number() }), idempotency: "safe" }),
  say: event({ input: z.object({ client: z.number(), n: z.number(), filler: Filler }) }),
})

/** What the server calls at its clients. */
export const toClient = contract({
  ask: call({
    input: z.object({ ask: z.number(), behaviour: z.string(), delay: z.number() }),
    output: z.object({ ask: z.number(), run: z.number(), extra: z.string() }),
  }),
  watch: subscription({
    input: z.object({ ask: z.number(), items: z.number(), gap: z.number() }),
    item: z.object({ run: z.number(), n: z.number() }),
  }),
  tell: event({ input: z.object({ n: z.number(), filler: z.string() }) }),
})
