import { describe, expect, test } from "vitest"
import { type ByteSource, chunks } from "./chunks.js"

const bytes = Uint8Array.from({ length: 40_000 }, (_, index) => index % 251)

async function sizesOf(source: ByteSource, size?: number): Promise<number[]> {
  const sizes: number[] = []
  let at = 0
  for await (const piece of chunks(source, size)) {
    expect(piece).toEqual(bytes.subarray(at, at + piece.length))
    at += piece.length
    sizes.push(piece.length)
  }
  return sizes
}

async function* slowly(...pieces: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

describe("chunks", () => {
  test("cuts bytes, a blob and a stream into 16 KiB", async () => {
    const whole = [16_384, 16_384, 7_232]
    expect(await sizesOf(bytes)).toEqual(whole)
    expect(await sizesOf([bytes])).toEqual(whole)
    expect(await sizesOf(slowly(bytes))).toEqual(whole)
    const blob = await sizesOf(new Blob([bytes]))
    expect(Math.max(...blob)).toBeLessThanOrEqual(16_384)
    expect(blob.reduce((sum, size) => sum + size, 0)).toBe(40_000)
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytes)
        controller.close()
      },
    })
    expect(await sizesOf(stream)).toEqual(whole)
  })

  test("passes smaller pieces on as they come, and none that is empty", async () => {
    const pieces = [bytes.subarray(0, 3), bytes.subarray(3, 3), bytes.subarray(3, 10)]
    expect(await sizesOf(slowly(...pieces), 4)).toEqual([3, 4, 3])
    expect(await sizesOf(new Uint8Array())).toEqual([])
  })

  test("lets go of a source that nobody wants more of", async () => {
    let cancelled = false
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(bytes),
      cancel: () => {
        cancelled = true
      },
    })
    for await (const _ of chunks(stream)) break
    expect(cancelled).toBe(true)
    let left = false
    const source = (async function* () {
      try {
        for (;;) yield bytes
      } finally {
        left = true
      }
    })()
    for await (const _ of chunks(source)) break
    expect(left).toBe(true)
  })

  test("fails as its source does", async () => {
    const cause = new Error("the disk is gone")
    const stream = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(cause) })
    await expect(chunks(stream).next()).rejects.toBe(cause)
  })

  test("takes nothing that has no bytes", () => {
    for (const source of [undefined, null, 5, "text"]) {
      expect(() => chunks(source as never)).toThrow("chunks: no source of bytes")
    }
  })

  test("takes no size that cuts nothing", () => {
    for (const size of [0, -1, 1.5, Number.NaN]) {
      expect(() => chunks(bytes, size)).toThrow(RangeError)
    }
  })
})
