/**
 * Bytes as padded base64, for the JSON codec. The engine's own functions where it has them (they are
 * new); else a table, since this package knows neither the browser's nor Node's.
 */
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
const sixBits = new Map([...alphabet].map((character, bits) => [character.charCodeAt(0), bits]))

export function bytesToBase64(bytes: Uint8Array): string {
  if ("toBase64" in bytes && typeof bytes.toBase64 === "function") return String(bytes.toBase64())
  let text = ""
  for (let at = 0; at < bytes.length; at += 3) text += triple(bytes, at)
  return text
}

/** `undefined` when the text is not padded base64. */
export function bytesFromBase64(text: string): Uint8Array | undefined {
  if (text.length % 4 !== 0) return undefined
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0
  const bytes = new Uint8Array((text.length / 4) * 3 - padding)
  let at = 0
  for (let index = 0; index < text.length; index += 4) {
    const bits = quadruple(text, index, text.length - padding)
    if (bits === undefined) return undefined
    for (let shift = 16; shift >= 0 && at < bytes.length; shift -= 8) bytes[at++] = bits >> shift
  }
  return bytes
}

function triple(bytes: Uint8Array, at: number): string {
  const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
  const left = bytes.length - at
  return (
    alphabet.charAt(bits >> 18) +
    alphabet.charAt((bits >> 12) & 63) +
    (left > 1 ? alphabet.charAt((bits >> 6) & 63) : "=") +
    (left > 2 ? alphabet.charAt(bits & 63) : "=")
  )
}

function quadruple(text: string, from: number, end: number): number | undefined {
  let bits = 0
  for (let index = from; index < from + 4; index++) {
    const six = index < end ? sixBits.get(text.charCodeAt(index)) : 0
    if (six === undefined) return undefined
    bits = (bits << 6) | six
  }
  return bits
}
