import { expect, test } from "vitest"
import { isAnyRpcError, RpcError } from "./index.js"

test("an error says its code where nothing else was said", () => {
  const error = new RpcError("FORBIDDEN")
  expect(error).toMatchObject({ name: "RpcError", message: "FORBIDDEN", executed: "unknown" })
  expect(error.data).toBeUndefined()
  expect("cause" in error).toBe(false)
})

test("an error keeps what it was made of", () => {
  const cause = new Error("db")
  const error = new RpcError("LOCKED", { message: "wait", data: 7, cause, executed: "yes" })
  expect(error).toMatchObject({ message: "wait", data: 7, cause, executed: "yes" })
})

test("it is known by its brand, also of another copy of the package", () => {
  const stranger = { code: "X" }
  Object.defineProperty(stranger, Symbol.for("trunkline.error"), { value: true })
  expect(isAnyRpcError(stranger)).toBe(true)
  expect(isAnyRpcError(new RpcError("X"))).toBe(true)
  for (const other of [new Error("X"), { code: "X" }, null, undefined, "X", 1, () => {}]) {
    expect(isAnyRpcError(other)).toBe(false)
  }
})

test("the brand does not show in what is logged", () => {
  expect(Object.keys(new RpcError("X", { data: 1 })).sort()).toEqual([
    "code",
    "correlationId",
    "data",
    "executed",
    "name",
  ])
})
