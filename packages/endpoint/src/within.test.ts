import { VirtualClock } from "@trunkline/testing"
import { describe, expect, test } from "vitest"
import { within } from "./within.js"

const overdue = new Error("overdue")

function errand() {
  const late: unknown[] = []
  const clock = new VirtualClock()
  const ask = {
    host: clock,
    milliseconds: 1_000,
    expired: () => overdue,
    late: (value: unknown) => void late.push(value),
  }
  return { clock, late, ask }
}

describe("what is asked of the application", () => {
  test("is given on, a promise or not, and nobody hears of the time any more", async () => {
    const { clock, late, ask } = errand()
    let own: AbortSignal | undefined
    const told = within(ask, (signal) => {
      own = signal
      return 7
    })
    expect(await told).toBe(7)
    expect(await within(ask, async () => 8)).toBe(8)
    await clock.advance(1_000)
    expect(own?.aborted).toBe(false)
    expect(late).toEqual([])
  })

  test.each([
    [
      "at once",
      () => {
        throw new Error("its own")
      },
    ],
    ["later", () => Promise.reject(new Error("its own"))],
  ])("rejects with what it throws %s", async (_, run) => {
    await expect(within(errand().ask, run)).rejects.toThrow("its own")
  })

  test("is given up when the time is over; what it gives then is told apart", async () => {
    const { clock, late, ask } = errand()
    let give: (value: string) => void = () => {}
    let own: AbortSignal | undefined
    const told = within(ask, (signal) => {
      own = signal
      return new Promise<string>((resolve) => {
        give = resolve
      })
    }).catch((error: unknown) => error)
    await clock.advance(999)
    expect(own?.aborted).toBe(false)
    await clock.advance(1)
    expect(await told).toBe(overdue)
    expect(own?.reason).toBe(overdue)
    give("late")
    await clock.advance(0)
    expect(late).toEqual(["late"])
  })

  test("is given up with whoever waits for it, and then not even begun", async () => {
    const { ask } = errand()
    const patience = new AbortController()
    const { signal } = patience
    let begun = 0
    const run = () => {
      begun++
      return new Promise(() => {})
    }
    const told = within({ ...ask, signal }, run).catch((error: unknown) => error)
    const reason = new Error("gone")
    patience.abort(reason)
    expect(await told).toBe(reason)
    await expect(within({ ...ask, signal }, run)).rejects.toBe(reason)
    expect(begun).toBe(1)
  })
})
