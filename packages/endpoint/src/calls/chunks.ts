/** Bytes from wherever an application has them: a file, a response, a stream of Node, an array. */
export type ByteSource<Buffer extends ArrayBufferLike = ArrayBufferLike> =
  | Uint8Array<Buffer>
  | Blob
  | ReadableStream<Uint8Array<Buffer>>
  | Iterable<Uint8Array<Buffer>>
  | AsyncIterable<Uint8Array<Buffer>>

/**
 * Bytes in pieces that make good items of an upload: small enough that calls need not wait behind them.
 * What comes in smaller pieces is passed on as it comes. Leaving the loop lets go of the source.
 *
 * @param size the most bytes of a piece; 16,384 if left out
 * @throws RangeError for a size that is no whole number above zero, TypeError for what has no bytes
 * @example
 * ```ts
 * const summary = await client.importLog({ name: file.name }, chunks(file))
 * ```
 */
export function chunks<Buffer extends ArrayBufferLike = ArrayBuffer>(
  source: ByteSource<Buffer>,
  size?: number,
): AsyncGenerator<Uint8Array<Buffer>, void>
export function chunks(source: ByteSource, size = 16_384): AsyncGenerator<Uint8Array, void> {
  if (!Number.isSafeInteger(size) || size < 1)
    throw new RangeError("size is a whole number above 0")
  if (typeof source !== "object" || source === null)
    throw new TypeError("chunks: no source of bytes")
  return cut(source, size)
}

async function* cut(source: ByteSource, size: number): AsyncGenerator<Uint8Array, void> {
  for await (const bytes of partsOf(source)) {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
  }
}

function partsOf(source: ByteSource): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (source instanceof Uint8Array) return [source]
  if ("stream" in source) return read(source.stream())
  return "getReader" in source ? read(source) : source
}

/** Not every browser can iterate a stream. */
async function* read(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = stream.getReader()
  let whole = false
  try {
    for (;;) {
      const { done, value } = await reader.read()
      whole = done
      if (done) return
      yield value
    }
  } finally {
    if (!whole) await reader.cancel()
  }
}
