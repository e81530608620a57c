import { describe, expect, test } from "vitest"
import * as z from "zod"
import {
  type AnySchema,
  call,
  contract,
  duplex,
  event,
  procedures,
  subscription,
  upload,
} from "./index.js"

const nothing = call({})

/** What a program without a type checker may pass. */
function loose(value: unknown): never {
  return value as never
}

describe("contract", () => {
  test("hands back the tree that it was given", () => {
    const tree = { a: nothing, b: { c: nothing } }
    expect(contract(tree)).toBe(tree)
  })

  test("knows every procedure by its path", () => {
    const paths = [...procedures({ a: nothing, b: { c: nothing, d: { e: nothing } } })]
    expect(paths.map(([path]) => path)).toEqual(["a", "b.c", "b.d.e"])
  })

  test("can be nested in another and merged with it", () => {
    const hosts = contract({ list: nothing })
    const more = contract({ ...hosts, rename: nothing })
    const all = contract({ hosts, more, ping: nothing })
    expect([...procedures(all)].map(([path]) => path)).toEqual([
      "hosts.list",
      "more.list",
      "more.rename",
      "ping",
    ])
  })

  test("has events, whose input is checked as any", () => {
    const tree = { typing: event({ input: z.string() }), ping: event({}) }
    expect([...procedures(tree)].map(([path, { kind }]) => [path, kind])).toEqual([
      ["typing", "event"],
      ["ping", "event"],
    ])
    expect(() => contract({ typing: event({ input: loose(String) }) })).toThrow(
      "contract: typing: input is no Standard Schema",
    )
  })

  test("has uploads and duplexes, each of whose payloads is checked", () => {
    const tree = {
      take: upload({ input: z.string(), item: z.string(), output: z.string() }),
      talk: duplex({ input: z.string(), up: z.string(), down: z.string() }),
      bare: { take: upload({}), talk: duplex({}) },
    }
    expect([...procedures(tree)].map(([path, { kind }]) => [path, kind])).toEqual([
      ["take", "upload"],
      ["talk", "duplex"],
      ["bare.take", "upload"],
      ["bare.talk", "duplex"],
    ])
    for (const part of ["input", "item", "output"]) {
      const wrong = { take: upload(loose({ [part]: String })) }
      expect(() => contract(wrong)).toThrow(`contract: take: ${part} is no Standard Schema`)
    }
    for (const part of ["input", "up", "down"]) {
      const wrong = { talk: duplex(loose({ [part]: String })) }
      expect(() => contract(wrong)).toThrow(`contract: talk: ${part} is no Standard Schema`)
    }
    const errors = loose({ TIMEOUT: null })
    expect(() => contract({ u: upload({ errors }) })).toThrow("TIMEOUT is reserved")
    expect(() => contract({ d: duplex({ errors }) })).toThrow("TIMEOUT is reserved")
  })

  test("may have a procedure or a group named kind", () => {
    const tree = contract({ kind: nothing, b: { kind: { kind: nothing } } })
    expect([...procedures(tree)].map(([path]) => path)).toEqual(["kind", "b.kind.kind"])
  })

  test.each([
    ["then", "then"],
    ["toJSON", "toJSON"],
    ["toString", "toString"],
    ["constructor", "constructor"],
    ["~line", "~line"],
    ["a.b", "a.b"],
    ["", ""],
  ])("refuses a procedure named %j", (name, path) => {
    expect(() => contract({ [name]: nothing })).toThrow(
      new TypeError(`contract: ${path}: no procedure can have this name`),
    )
  })

  test("refuses such a name of a group, and deep inside", () => {
    const name = "toJSON"
    expect(() => contract({ [name]: { a: nothing } })).toThrow("toJSON: no procedure")
    expect(() => contract({ a: { b: { [name]: nothing } } })).toThrow("a.b.toJSON: no procedure")
  })

  test.each([
    ["a schema", z.string()],
    ["a function", () => {}],
    ["a list", [nothing]],
    ["nothing", null],
    ["a text", "call"],
  ])("refuses %s where a procedure belongs", (_, member) => {
    const refused = () => contract({ a: { b: member } })
    // A schema is an object, so it is read as a group: what is told is the first thing wrong in it.
    expect(refused).toThrow(/^contract: a\.b/)
  })

  test("refuses a path longer than the wire carries", () => {
    const longest = "x".repeat(254)
    expect(() => contract({ a: { [longest]: nothing } })).not.toThrow()
    expect(() => contract({ a: { [`${longest}x`]: nothing } })).toThrow("the path is too long")
  })

  test("refuses a tree without an end", () => {
    const tree: Record<string, unknown> = {}
    tree["again"] = tree
    expect(() => contract(tree)).toThrow("the path is too long")
  })

  test("refuses an error with a reserved code", () => {
    const errors = loose({ TIMEOUT: null })
    expect(() => contract({ a: call({ errors }) })).toThrow(
      "contract: a: TIMEOUT is reserved, declare another code",
    )
    expect(() => contract({ s: subscription({ errors }) })).toThrow("TIMEOUT is reserved")
  })

  test("refuses an error whose code would not arrive whole", () => {
    for (const code of ["", "X".repeat(65)]) {
      const errors = loose({ [code]: null })
      expect(() => contract({ a: call({ errors }) })).toThrow(
        "contract: a: an error's code is empty or too long",
      )
    }
    expect(contract({ a: call({ errors: { ["X".repeat(64)]: null } }) })).toBeDefined()
  })

  test("refuses what is no group", () => {
    for (const tree of [null, undefined, 5, [call({})]]) {
      expect(() => contract(loose(tree))).toThrow("contract: no group")
    }
  })

  test("refuses what is no schema", () => {
    const text: AnySchema = loose({ id: "string" })
    expect(() => contract({ a: call({ input: text }) })).toThrow("a: input is no Standard Schema")
    expect(() => contract({ a: call({ output: text }) })).toThrow("a: output is no Standard Schema")
    expect(() => contract({ a: subscription({ item: text }) })).toThrow("a: item is no")
    expect(() => contract({ a: call({ errors: { LOCKED: text } }) })).toThrow("a: LOCKED is no")
  })

  test("refuses options that do not exist", () => {
    const idempotency = loose("always")
    const restart = loose("again")
    expect(() => contract({ a: call({ idempotency }) })).toThrow('a: "always" is none of')
    const onCrash = loose("always")
    const idempotent = call({ idempotency: "key", onCrash })
    expect(() => contract({ a: idempotent })).toThrow('a: "always" is none of')
    expect(() => contract({ a: call({ onCrash: "rerun" }) })).toThrow(
      'a: onCrash is for calls with idempotency "key"',
    )
    expect(() => contract({ a: subscription({ restart }) })).toThrow('a: "again" is none of')
  })

  test.each(["newest", 3, {}, { conflate: 1 }, null])("refuses the delivery %j", (delivery) => {
    const item = z.object({ id: z.string() })
    expect(() => contract({ a: subscription({ item, delivery: loose(delivery) }) })).toThrow(
      `contract: a: ${JSON.stringify(delivery)} is none of its options`,
    )
  })

  test.each([
    "every",
    "latest",
    { conflate: "id" },
    { conflate: ({ id }: { id: string }) => id },
  ] as const)("takes the delivery %j", (delivery) => {
    const item = z.object({ id: z.string() })
    expect(() => contract({ a: subscription({ item, delivery }) })).not.toThrow()
  })
})

describe("a topic", () => {
  const item = z.string()
  const of = (more: object) => () =>
    contract({ a: subscription(loose({ item, replay: "topic", ...more })) })

  test.each([
    {},
    { onGap: "error" },
    { onGap: "continue" },
    { state: item },
    { state: item, onGap: "snapshot" },
    { state: item, onGap: "continue", delivery: "latest" },
  ])("may be %j", (more) => {
    expect(of(more)).not.toThrow()
  })

  test.each([
    [{ onGap: "snapshot" }, 'contract: a: onGap: "snapshot" needs a state'],
    [{ restart: "fresh" }, "contract: a: a topic continues, and never restarts"],
    [{ restart: "fail" }, "contract: a: a topic continues, and never restarts"],
    [{ onGap: "ignore" }, 'contract: a: "ignore" is none of its options'],
    [{ replay: "log" }, 'contract: a: "log" is none of its options'],
    [{ state: "all" }, "contract: a: state is no Standard Schema"],
    [{ replay: undefined, onGap: "error" }, "contract: a: onGap and state are for a topic"],
    [{ replay: undefined, state: item }, "contract: a: onGap and state are for a topic"],
  ])("is refused with %j", (more, why) => {
    expect(of(more)).toThrow(new TypeError(why))
  })
})

describe("a procedure", () => {
  test("is plain data, with its defaults filled in", () => {
    expect(call({})).toEqual({ kind: "call", errors: {} })
    expect(subscription({})).toEqual({
      kind: "subscription",
      errors: {},
      delivery: "every",
      restart: "fail",
    })
    expect(subscription({ replay: "topic" })).toEqual({
      kind: "subscription",
      errors: {},
      delivery: "every",
      replay: "topic",
      onGap: "error",
    })
    expect(subscription({ replay: "topic", state: z.string() }).onGap).toBe("snapshot")
  })
})
