import { createClient, safe } from "@trunkline/client"
import { call, contract, subscription } from "@trunkline/contract"
import { implement } from "@trunkline/server"
import { connectedPair } from "@trunkline/testing"
import { afterEach, describe, expect, test } from "vitest"
import * as z from "zod"

/* What a page of yesterday meets at a server of today, as the guide has it in its table. */

const yesterday = contract({
  read: call({ input: z.object({ id: z.string() }), output: z.object({ name: z.string() }) }),
  write: call({ input: z.object({ id: z.string() }), errors: { GONE: null } }),
  watch: subscription({ item: z.object({ at: z.number() }) }),
  old: call({}),
  turned: call({}),
})

const today = contract({
  read: call({
    input: z.object({ id: z.string(), language: z.string().optional() }),
    output: z.object({ name: z.string(), title: z.string() }),
  }),
  write: call({ input: z.object({ id: z.string() }), errors: { GONE: null, LOCKED: null } }),
  watch: subscription({ item: z.object({ at: z.number(), more: z.boolean() }) }),
  strict: call({ input: z.object({ id: z.string(), reason: z.string() }) }),
  turned: subscription({ item: z.number() }),
})

const pair = connectedPair(
  implement(today, {
    read: ({ input }) => ({ name: input.id, title: "a title" }),
    write: ({ errors }) => {
      throw errors.LOCKED()
    },
    async *watch() {
      yield { at: 1, more: true }
    },
    strict: () => {},
    async *turned() {
      yield 1
    },
  }),
)
const client = createClient(yesterday, pair.connection)
afterEach(() => pair.close())

describe("a client of before", () => {
  test("meets what the table says", async () => {
    expect(await client.read({ id: "a" })).toEqual({ name: "a", title: "a title" })
    for await (const item of client.watch()) expect(item).toEqual({ at: 1, more: true })
    expect(await safe(client.write({ id: "a" }))).toMatchObject({ error: { code: "LOCKED" } })
    expect(await safe(client.old())).toMatchObject({ error: { code: "NOT_FOUND" } })
    const turned = await safe(client.turned())
    expect(turned).toMatchObject({ error: { code: "VALIDATION", data: undefined } })
    const strict = contract({ strict: call({ input: z.object({ id: z.string() }) }) })
    const demanded = await safe(createClient(strict, pair.connection).strict({ id: "a" }))
    expect(demanded).toMatchObject({ error: { code: "VALIDATION", executed: "no" } })
  })
})
