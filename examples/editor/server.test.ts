import { once } from "node:events"
import { createServer } from "node:http"
import { type Connection, connect, createClient } from "@trunkline/client"
import { attach } from "@trunkline/server/node"
import { afterAll, beforeAll, expect, it, vi } from "vitest"
import { WebSocket } from "ws"
import * as Y from "yjs"
import { editor, mostBytes } from "./contract.js"
import { server } from "./server.js"

const http = createServer()
let connection: Connection

beforeAll(async () => {
  attach(server, http)
  await once(http.listen(0, "127.0.0.1"), "listening")
  const address = http.address()
  const port = typeof address === "object" && address ? address.port : 0
  connection = connect(`ws://127.0.0.1:${port}/rpc`, { WebSocket })
})
afterAll(async () => {
  await connection.close()
  await server.close()
  http.close()
})

it("takes nothing in that is too much, so that others may write on", async () => {
  const client = createClient(editor, connection)
  const greedy = client.document()
  await greedy.send(written("x".repeat(mostBytes)))
  await expect(all(greedy)).rejects.toMatchObject({ code: "FULL" })

  const writer = client.document()
  await writer.send(written("A word."))
  const reader = client.document()
  const seen = new Y.Doc()
  for await (const update of reader) {
    Y.applyUpdate(seen, update)
    if (seen.getText().length > 0) break
  }
  expect(seen.getText().toString()).toBe("A word.")
  writer.cancel()
})

it("tells nothing more to who has nothing more to say and goes", async () => {
  const reader = createClient(editor, connection).document()
  reader.finish()
  for await (const _ of reader) break
  reader.cancel()
  await vi.waitUntil(() => server.stats().handlers === 0)
  expect(server.stats()).toMatchObject({ channels: 0 })
})

function written(text: string): Uint8Array {
  const document = new Y.Doc()
  document.getText().insert(0, text)
  return Y.encodeStateAsUpdate(document)
}

async function all(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}
