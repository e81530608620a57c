import type { Failure } from "@trunkline/protocol"
import { describe, expect, it } from "vitest"
import { type Observer, Watch, watchedIterator } from "./watch.js"

const what = { path: "a", kind: "call" } as const

/** Writes down what it hears. */
function listening(name: string, book: string[]): Observer {
  return {
    started: ({ path }) => {
      book.push(`${name} ${path}`)
      return {
        run: (code) => {
          book.push(`into ${name}`)
          const result = code()
          book.push(`out of ${name}`)
          return result
        },
        ended: (failure) => void book.push(`${name} ended ${failure?.code}`),
      }
    },
  }
}

describe("a watch", () => {
  it("is there only if somebody looks", () => {
    expect(Watch.begin(new Set(), what)).toBeUndefined()
    expect(Watch.begin(new Set([{ started: () => undefined }]), what)).toBeUndefined()
  })

  it("runs code within all of its observers", () => {
    const book: string[] = []
    const watch = Watch.begin(new Set([listening("one", book), listening("two", book)]), what)
    expect(watch?.run(() => book.push("here"))).toBe(5)
    expect(book).toEqual([
      ...["one a", "two a"],
      ...["into one", "into two", "here", "out of two", "out of one"],
    ])
  })

  it("hands on what the code throws", () => {
    const watch = Watch.begin(new Set([listening("one", [])]), what)
    const fail = (): never => {
      throw new Error("mine")
    }
    expect(() => watch?.run(fail)).toThrow("mine")
  })

  it("ends once", () => {
    const book: string[] = []
    const watch = Watch.begin(new Set([listening("one", book)]), what)
    const failure: Failure = { code: "CANCELLED", executed: "unknown" }
    watch?.ended(undefined)
    watch?.ended(failure)
    expect(book).toEqual(["one a", "one ended undefined"])
  })
})

it("a source that is watched can be left, whether or not it cares", async () => {
  const watch = Watch.begin(new Set([listening("one", [])]), what)
  if (!watch) throw new Error("nobody watches")
  let left = 0
  const caring = {
    next: async () => ({ done: false, value: 1 }) as const,
    return: async () => ({ done: true, value: ++left }) as const,
  }
  const watched = watchedIterator<number>(caring, watch)
  expect(await watched.next()).toEqual({ done: false, value: 1 })
  expect(await watched.return?.()).toEqual({ done: true, value: 1 })
  expect(watchedIterator<number>({ next: caring.next }, watch).return).toBeUndefined()
})
