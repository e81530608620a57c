import { type Codec, msgpackCodec } from "@trunkline/protocol"

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const encoder = new TextEncoder()

/** `trunkline.v1.msgpack`, with the runtime's own UTF-8 for long texts. */
export const msgpack: Codec = msgpackCodec({
  decode: (bytes) => decoder.decode(bytes),
  encodeInto: (text, bytes) => encoder.encodeInto(text, bytes).written,
})
