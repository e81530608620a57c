import { implement, type Server, serve } from "@trunkline/server"
import * as Y from "yjs"
import { editor, mostBytes } from "./contract.js"
import { updatesOf } from "./updates.js"

/** It lives as long as the process; whoever has the page open brings it back. */
const document = new Y.Doc()

const router = implement(editor, {
  document: async function* ({ items, errors, signal }) {
    const over = new AbortController()
    const read = async (): Promise<void> => {
      for await (const update of items) {
        // Looked at before it is in: what is too much for one would be there for all.
        if (sizeWith(update) > mostBytes) throw errors.FULL()
        Y.applyUpdate(document, update, items)
      }
    }
    read().catch((error) => over.abort(error))
    yield* updatesOf(document, items, AbortSignal.any([signal, over.signal]))
  },
})

/** Bytes that the document would have. What it has already adds nothing. */
function sizeWith(update: Uint8Array): number {
  return Y.mergeUpdates([Y.encodeStateAsUpdate(document), update]).length
}

export const server: Server = serve(router)
