import { createClient } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { implement } from "@trunkline/server"
import { connectedPair } from "@trunkline/testing"
import { expect, test } from "vitest"
import * as z from "zod"

const api = contract({ now: call({ output: z.string() }) })

test("a timeout that is no number is refused, and holds up no other call", async () => {
  const pair = connectedPair(implement(api, { now: () => "now" }))
  const client = createClient(api, pair.connection)
  await expect(client.now(undefined, { timeout: Number.NaN })).rejects.toThrow(TypeError)
  expect(await client.now(undefined, { timeout: 10_000 })).toBe("now")
  await pair.close()
})
