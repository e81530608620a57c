import type { Sink } from "@trunkline/endpoint"
import { type Codec, jsonCodec } from "@trunkline/protocol"
import { msgpack, systemHost } from "@trunkline/transport"
import { expect, test } from "vitest"
import { Audience } from "./audience.js"

/** A reader that notes down what it is handed, and how often it is taken up. */
function reader(codec: Codec = jsonCodec, session: object = {}) {
  const items: unknown[] = []
  const told = { items, turns: 0 }
  const sink: Sink = {
    codec,
    session,
    host: systemHost,
    push: (value, key) => void items.push([codec.decode(value).value, key]),
    turn: (work, argument) => {
      told.turns++
      work(argument)
    },
    end: () => {},
    fail: () => {},
  }
  return Object.assign(told, { sink })
}

const turnEnd = () => new Promise(setImmediate)

test("hands on at the end of the turn, to each reader in one go", async () => {
  const audience = new Audience()
  const readers = [reader(), reader(msgpack)]
  for (const { sink } of readers) audience.add(sink)
  audience.push("a", 1)
  audience.push("b", 2)
  expect(readers.map(({ items }) => items)).toEqual([[], []])
  await turnEnd()
  for (const { items, turns } of readers) {
    expect([items, turns]).toEqual([
      [
        ["a", 1],
        ["b", 2],
      ],
      1,
    ])
  }
})

test("hands to nobody what was published before they came, or after they left", async () => {
  const audience = new Audience()
  const [early, late, gone] = [reader(), reader(), reader()]
  audience.add(early.sink)
  audience.add(gone.sink)
  audience.push("before", 1)
  audience.add(late.sink)
  audience.push("after", 2)
  expect([audience.delete(gone.sink), audience.delete(gone.sink), audience.size]).toEqual([
    true,
    false,
    2,
  ])
  await turnEnd()
  expect(early.items).toEqual([
    ["before", 1],
    ["after", 2],
  ])
  expect(late.items).toEqual([["after", 2]])
  expect(gone.items).toEqual([["before", 1]])
})

test("does not let a turn pile up", async () => {
  const audience = new Audience()
  const { items, sink } = reader()
  audience.add(sink)
  for (let n = 1; n <= 300; n++) audience.push(n, n)
  expect(items).toHaveLength(256)
  await turnEnd()
  expect(items).toEqual(Array.from({ length: 300 }, (_, n) => [n + 1, n + 1]))
})

test("does not let a few large items pile up either", async () => {
  const audience = new Audience()
  const { items, sink } = reader()
  audience.add(sink)
  for (let n = 1; n <= 5; n++) audience.push("x".repeat(100_000), n)
  expect(items).toHaveLength(3)
  await turnEnd()
  expect(items).toHaveLength(5)
})

test("takes a session with several readers up once", async () => {
  const audience = new Audience()
  const session = {}
  const [first, second, other] = [reader(jsonCodec, session), reader(jsonCodec, session), reader()]
  for (const { sink } of [first, other, second]) audience.add(sink)
  audience.push("a", 1)
  await turnEnd()
  expect([first, second, other].map(({ items }) => items)).toEqual(Array(3).fill([["a", 1]]))
  expect([first.turns, second.turns, other.turns]).toEqual([1, 0, 1])
  audience.delete(first.sink)
  audience.push("b", 2)
  await turnEnd()
  expect([first.items.length, second.items.length, audience.size]).toEqual([1, 2, 2])
})

test("refuses at once what cannot be written, and hands on the rest", async () => {
  const audience = new Audience()
  const { items, sink } = reader()
  audience.push("for nobody", 0)
  audience.add(sink)
  audience.push("a", 1)
  expect(() => audience.push(() => {}, 2)).toThrow(
    expect.objectContaining({ code: "UNENCODABLE", executed: "no" }),
  )
  await turnEnd()
  expect(items).toEqual([["a", 1]])
})
