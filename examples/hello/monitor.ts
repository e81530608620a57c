import { call, contract, subscription } from "@trunkline/contract"
import * as z from "zod"

export const monitor = contract({
  /** Gives a host another name. */
  rename: call({
    input: z.object({ id: z.string(), name: z.string().min(1) }),
    output: z.object({ id: z.string(), name: z.string() }),
    errors: { HOST_UNKNOWN: z.object({ id: z.string() }) },
  }),
  load: subscription({ item: z.object({ cpu: z.number() }), delivery: "latest", restart: "fresh" }),
})
