// @vitest-environment jsdom
import { useConnection, useConnectionInfo } from "@trunkline/react"
import { act, type ReactNode } from "react"
import { renderToString } from "react-dom/server"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import { Stage } from "./stage.js"

let stage: Stage
beforeEach(() => {
  stage = new Stage()
})
afterEach(() => stage.close())

function Line(): ReactNode {
  const { state, change } = useConnection(stage.pair.connection)
  const { session } = useConnectionInfo(stage.pair.connection) ?? {}
  return `${state} from ${change?.from}, ${session ? "a session" : "no session"}`
}

it("shows each state of the connection", async () => {
  await stage.show(<Line />)
  await stage.settled()
  expect(stage.text).toBe("open from connecting, a session")
  await act(async () => stage.pair.unplug())
  await act(async () => {
    while (stage.pair.connection.state === "open") await new Promise(setImmediate)
  })
  expect(stage.text).toMatch(/^(waiting from open|connecting from waiting), a session$/)
})

it("looks at what is measured as often as it is told, and renders for what has changed", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
  const renders = vi.fn()
  function Latency(): ReactNode {
    const { latency } = useConnection(stage.pair.connection, { every: 100 })
    renders()
    return latency === undefined ? "unknown" : `${latency}`
  }
  await stage.show(<Latency />)
  await stage.settled()
  renders.mockClear()
  const latency = vi.spyOn(stage.pair.connection, "latency", "get").mockReturnValue(7)
  await act(async () => vi.advanceTimersByTime(99))
  expect(renders).not.toHaveBeenCalled()
  await act(async () => vi.advanceTimersByTime(1_000))
  expect([stage.text, renders.mock.calls.length]).toEqual(["7", 1])
  latency.mockRestore()
  await stage.leave()
  expect(vi.getTimerCount()).toBe(0)
})

it("is connecting where a server renders", () => {
  expect(renderToString(<Line />)).toContain("connecting")
})

it("says what it wants where it was given something else", () => {
  for (const wrong of [undefined, null, stage.client, {}]) {
    const Wrong = (): ReactNode => useConnection(wrong as never).state
    expect(() => renderToString(<Wrong />)).toThrow("what was passed is no connection")
  }
})

it("refuses a time that no timer keeps", () => {
  for (const every of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    const Wrong = (): ReactNode => useConnection(stage.pair.connection, { every }).state
    expect(() => renderToString(<Wrong />)).toThrow(`every cannot be ${every}`)
  }
})
