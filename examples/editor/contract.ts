import { contract, duplex } from "@trunkline/contract"
import * as Y from "yjs"
import * as z from "zod"

/** What was written, as Yjs tells it: bytes that may be merged in any order, and more than once. */
const Update = z.custom<Uint8Array>(isUpdate, "not an update of a document")

/** Characters that a page writes into the document. */
export const most = 20_000
/** Bytes of the document, all that was ever deleted from it included. */
export const mostBytes = 200_000

export const editor = contract({
  /** The document, both ways: all that each side has, and then what is written into it. */
  document: duplex({ up: Update, down: Update, errors: { FULL: null } }),
})

function isUpdate(value: unknown): boolean {
  if (!(value instanceof Uint8Array)) return false
  try {
    Y.decodeUpdate(value)
    return true
  } catch {
    return false
  }
}
