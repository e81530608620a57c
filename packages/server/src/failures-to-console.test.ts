import { expect, test, vi } from "vitest"
import { failuresToConsole } from "./failures-to-console.js"

test("a mistake of the program is shown, what clients do is not", () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {})
  const mistake = new Error("the database is down")
  failuresToConsole({ level: "error", message: "a handler failed", path: "rename", error: mistake })
  failuresToConsole({ level: "warn", message: "handshake refused", code: 4403 })
  expect(error.mock.calls).toEqual([
    ["trunkline: a handler failed", { path: "rename", error: mistake }],
  ])
  error.mockRestore()
})
