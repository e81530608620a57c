/** What is killed: a contract with a call of each idempotency. */
import { call, contract } from "@trunkline/contract"
import * as z from "zod"

const definition = { input: z.string(), output: z.string() }

export const service = contract({
  key: call({ ...definition, idempotency: "key" }),
  rerun: call({ ...definition, idempotency: "key", onCrash: "rerun" }),
  plain: call(definition),
  idempotent: call({ ...definition, idempotency: "idempotent" }),
  safe: call({ ...definition, idempotency: "safe" }),
})

export type Name = keyof typeof service
