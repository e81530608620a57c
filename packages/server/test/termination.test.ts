import { connect, createClient, safe } from "@trunkline/client"
import { call, contract } from "@trunkline/contract"
import { implement, serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import { afterEach, describe, expect, test } from "vitest"
import * as z from "zod"
import { type Running, start } from "./support/program.js"

/* What a process does when it is told to end (SIGTERM), as an orchestrator does at each deployment. */

const service = contract({
  slow: call({ input: z.number(), output: z.number() }),
})

let program: Running | undefined
afterEach(async () => {
  program?.child.kill("SIGKILL")
  await program?.ending
})

async function serving(...parameters: readonly string[]) {
  program = await start("serves", ...parameters)
  const port = await program.line()
  const connection = connect(`ws://127.0.0.1:${port}/rpc`, { reconnect: { base: 5, cap: 20 } })
  const client = createClient(service, connection)
  return { ...program, connection, client, health: `http://127.0.0.1:${port}/` }
}

describe("SIGTERM", () => {
  test("lets what was begun finish; then the process ends by itself", async () => {
    const { client, connection, child, line, ending, health } = await serving()
    expect((await fetch(health)).status).toBe(200)
    const result = client.slow(300)
    expect(await line()).toBe("entered")
    const told = new Promise<void>((resolve) => {
      connection.on("state", ({ to }) => to === "draining" && resolve())
    })
    child.kill("SIGTERM")
    await told
    expect((await fetch(health)).status).toBe(503)
    expect(await result).toBe(300)
    await connection.close()
    expect(await ending).toMatchObject({ code: 0, signal: null })
    expect((await ending).output).toContain("closed, sessions 0")
  })

  test("a second time ends it at once", async () => {
    const { client, connection, child, line, ending } = await serving()
    const result = safe(client.slow(60_000))
    expect(await line()).toBe("entered")
    const told = new Promise<void>((resolve) => {
      connection.on("state", ({ to }) => to === "draining" && resolve())
    })
    child.kill("SIGTERM")
    await told
    child.kill("SIGTERM")
    expect(await ending).toMatchObject({ code: null, signal: "SIGTERM" })
    await connection.close()
    expect(await result).toMatchObject({ error: { code: "OUTCOME_UNKNOWN" } })
  })

  test("is the program's own where it says so", async () => {
    const { child, connection, line, ending } = await serving("mine")
    child.kill("SIGTERM")
    expect(await line()).toBe("mine")
    expect(await ending).toMatchObject({ code: 0, signal: null })
    await connection.close()
  })

  test("is listened for once however many servers there are, and not after the last is closed", async () => {
    const before = process.listenerCount("SIGTERM")
    const servers = Array.from({ length: 3 }, () =>
      serve(implement(service, { slow: ({ input }) => input })),
    )
    const [first, second, third] = await Promise.all(
      servers.map((server, index) =>
        listen(server, { port: 0, hostname: "127.0.0.1", signals: index < 2 }),
      ),
    )
    expect(process.listenerCount("SIGTERM")).toBe(before + 1)
    await first?.close()
    await third?.close()
    expect(process.listenerCount("SIGTERM")).toBe(before + 1)
    await second?.close()
    expect(process.listenerCount("SIGTERM")).toBe(before)
  })

  test("cannot drain in an impossible time", async () => {
    const server = serve(implement(service, { slow: ({ input }) => input }))
    await expect(listen(server, { port: 0, signals: { within: -1 } })).rejects.toThrow("within")
    expect(process.listenerCount("SIGTERM")).toBe(0)
  })
})
