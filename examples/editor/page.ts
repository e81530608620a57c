import { createClient, isRpcError } from "@trunkline/client"
import { msgpack } from "@trunkline/client/msgpack"
import * as Y from "yjs"
import { connectHere } from "../stage/connection.js"
import { find } from "../stage/element.js"
import { bind } from "./binding.js"
import { editor, most } from "./contract.js"
import { updatesOf } from "./updates.js"

// Updates are bytes: msgpack carries them as they are.
const client = createClient(editor, connectHere({ codecs: [msgpack] }))

const field = find<HTMLTextAreaElement>("textarea")
const document = new Y.Doc()
const text = document.getText()
field.maxLength = most
bind(field, text)

const bytes = { sent: 0, received: 0 }
void exchange()

/** Tells what is written here, and hears what is written elsewhere. A new session begins with all of it. */
async function exchange(): Promise<void> {
  const line = client.document()
  const over = new AbortController()
  const tell = async (): Promise<void> => {
    for await (const update of updatesOf(document, line, over.signal)) {
      await line.send(update)
      count("sent", update)
    }
  }
  // It fails as the reading does, which says why.
  tell().catch(() => {})
  try {
    for await (const update of line) {
      Y.applyUpdate(document, update, line)
      count("received", update)
    }
  } catch (error) {
    if (!isRpcError(error, client.document)) throw error
    if (error.code === "STREAM_LOST") return exchange()
    find("#bytes").textContent = error.message
  } finally {
    over.abort()
  }
}

function count(way: keyof typeof bytes, update: Uint8Array): void {
  bytes[way] += update.length
  find("#bytes").textContent = `${bytes.sent} bytes of updates sent, ${bytes.received} received.`
}
