import { implement, type Server, serve } from "@trunkline/server"
import * as Y from "yjs"
import { editor, most } from "./contract.js"
import { updatesOf } from "./updates.js"

/** It lives as long as the process; whoever has the page open brings it back. */
const document = new Y.Doc()
const text = document.getText()

const router = implement(editor, {
  document: async function* ({ items, errors }) {
    const over = new AbortController()
    const read = async (): Promise<void> => {
      for await (const update of items) {
        Y.applyUpdate(document, update, items)
        if (text.length > most) throw errors.FULL()
      }
    }
    // When the writer leaves, too.
    read().catch((error) => over.abort(error))
    yield* updatesOf(document, items, over.signal)
  },
})

export const server: Server = serve(router)
