import type { SessionInfo } from "@trunkline/server"
import { afterEach, beforeEach, expect, it, vi } from "vitest"
import type { Person } from "./contract.js"
import { Room } from "./room.js"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it("tells once that somebody is typing, however many keys that takes, and that nobody is", () => {
  const [ada, nobody] = [session("ada"), session("nobody")]
  const room = new Room("")
  const told: (readonly Person[])[] = []
  room.on("people", (people) => told.push(people))
  const leave = room.enter("Ada", ada)
  for (let key = 0; key < 10; key++) {
    room.typing(ada, true)
    room.typing(nobody, true)
  }
  vi.advanceTimersByTime(3_000)
  room.typing(ada, false)
  leave()
  expect(told).toEqual([
    [{ name: "Ada", typing: false }],
    [{ name: "Ada", typing: true }],
    [{ name: "Ada", typing: false }],
    [],
  ])
  expect(vi.getTimerCount()).toBe(0)
})

function session(id: string): SessionInfo {
  return { id, principal: id, signal: new AbortController().signal } as unknown as SessionInfo
}
