import { createClient } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { implement } from "@trunkline/server"
import { connectedPair } from "@trunkline/testing"
import { expect, test } from "vitest"
import * as z from "zod"

const api = contract({ now: call({ output: z.string() }), later: call({ output: z.string() }) })

test.each<unknown>([Number.NaN, "abc", {}, 5n])(
  "a timeout of %o is refused, and no other call hears of it",
  async (timeout) => {
    let finish = (_: string) => {}
    const router = implement(api, {
      now: () => "now",
      later: () =>
        new Promise<string>((resolve) => {
          finish = resolve
        }),
    })
    const pair = connectedPair(router)
    const client = createClient(api, pair.connection)
    const later = client.later()
    const refused = client.now(undefined, { timeout: timeout as number })
    await expect(refused).rejects.toThrow(new TypeError(`timeout cannot be ${timeout}`))
    expect(await client.now(undefined, { timeout: 10_000 })).toBe("now")
    finish("later")
    expect(await later).toBe("later")
    await pair.close()
  },
)
