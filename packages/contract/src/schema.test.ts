import { describe, expect, test } from "vitest"
import * as z from "zod"
import { type AnySchema, validate } from "./index.js"

/** A schema of nobody's library. */
function schemaOf(run: (value: unknown) => unknown): AnySchema {
  return { "~standard": { version: 1, vendor: "test", validate: run } }
}

describe("validate", () => {
  test("answers at once, with what the schema made of the value", () => {
    expect(validate(z.string().transform(Number), "7")).toEqual({ ok: true, value: 7 })
  })

  test("tells where and why a value does not fit", () => {
    const schema = z.object({ hosts: z.array(z.object({ id: z.string() })) })
    expect(validate(schema, { hosts: [{ id: "a" }, { id: 1 }] })).toEqual({
      ok: false,
      issues: [{ message: expect.stringContaining("string"), path: ["hosts", 1, "id"] }],
    })
  })

  test("waits for a schema that is asynchronous", async () => {
    const schema = z.string().refine(async (text) => text === "a", "not a")
    expect(await validate(schema, "a")).toEqual({ ok: true, value: "a" })
    expect(await validate(schema, "b")).toEqual({
      ok: false,
      issues: [{ message: "not a", path: [] }],
    })
  })

  test("waits for any thenable, as promises of another realm are", async () => {
    const later = Promise.resolve({ value: 2 })
    // biome-ignore lint/suspicious/noThenProperty: it stands for a promise of another realm
    const thenable = { then: later.then.bind(later) }
    expect(
      await validate(
        schemaOf(() => thenable),
        1,
      ),
    ).toEqual({ ok: true, value: 2 })
  })

  test("without a schema only nothing fits", () => {
    expect(validate(undefined, undefined)).toEqual({ ok: true, value: undefined })
    expect(validate(null, undefined)).toEqual({ ok: true, value: undefined })
    expect(validate(undefined, 0)).toMatchObject({ ok: false, issues: [{ path: [] }] })
  })

  test("reads steps of a path as keys and as objects that hold one", () => {
    const path = ["a", { key: 0 }, { key: "b" }, Symbol("c")]
    expect(
      validate(
        schemaOf(() => ({ issues: [{ message: "no", path }] })),
        1,
      ),
    ).toEqual({
      ok: false,
      issues: [{ message: "no", path: ["a", 0, "b", "Symbol(c)"] }],
    })
  })

  test("takes an empty list of issues for a refusal", () => {
    expect(
      validate(
        schemaOf(() => ({ issues: [] })),
        1,
      ),
    ).toEqual({ ok: false, issues: [] })
  })

  test("throws for what is no schema", () => {
    expect(() => validate({ "~standard": "x" }, 1)).toThrow("not a Standard Schema")
  })
})
