import type { Utf8 } from "../src/index.js"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** What a runtime has for long texts. */
export const systemUtf8: Utf8 = {
  decode: (bytes) => decoder.decode(bytes),
  encodeInto: (text, bytes) => encoder.encodeInto(text, bytes).written,
}
