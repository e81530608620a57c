import { describe, expect, it } from "vitest"
import { jsonCodec } from "../codec/codec-json.js"
import { messageUnits } from "../limits.js"
import { LargeFrame } from "./large-frame.js"
import { frameOf, Opening } from "./outbox.js"

const text = `[17,1,"${"x".repeat(messageUnits * 2)}"]`

function drain(large: LargeFrame) {
  const frames = []
  for (let frame = large.take(); frame !== undefined; frame = large.take()) frames.push(frame)
  return frames
}

describe("LargeFrame", () => {
  it("leaves in parts that join to what was written, when its turn came", () => {
    let written = "not yet"
    const large = new LargeFrame(jsonCodec, { id: 1, write: () => written })
    written = text
    const parts = drain(large).map((part) => JSON.parse(String(frameOf(part))))
    expect(parts.map(([kind, id, more]) => [kind, id, more])).toEqual([
      ...parts.slice(1).map(() => [15, 1, 1]),
      [15, 1, 0],
    ])
    expect(jsonCodec.join(parts.map(([, , , slice]) => slice))).toBe(text)
  })

  it("leaves whole when it has become small, and not at all when it is not needed", () => {
    expect(drain(new LargeFrame(jsonCodec, { id: 1, write: () => "[18,1]" }))).toEqual(["[18,1]"])
    expect(drain(new LargeFrame(jsonCodec, { id: 1, write: () => undefined }))).toEqual([])
  })

  it("stops when nobody waits for its channel any more", () => {
    const opener = { id: 1, gone: false, opened: () => {}, replaced: () => {} }
    const write = () => new Opening(text, opener, true)
    const large = new LargeFrame(jsonCodec, { id: 1, write })
    const first = large.take()
    expect(first instanceof Opening && first.whole).toBe(false)
    opener.gone = true
    expect(large.take()).toBeUndefined()
  })

  it("says with its last part that its channel is open", () => {
    const opener = { id: 1, gone: false, opened: () => {}, replaced: () => {} }
    const parts = drain(
      new LargeFrame(jsonCodec, { id: 1, write: () => new Opening(text, opener, true) }),
    )
    const whole = parts.map((part) => part instanceof Opening && part.whole)
    expect(whole).toEqual([...parts.slice(1).map(() => false), true])
  })
})
