import { expect, it } from "vitest"
import { coresBetween, processBetween, sampleBetween } from "./rates.js"
import type { Reading } from "./system.js"

const before: Reading = {
  cores: [
    { busy: 100, total: 1_000 },
    { busy: 0, total: 1_000 },
  ],
  memory: { used: 1, total: 4 },
  load: [1, 2, 3],
  network: { in: 1_000, out: 0 },
  disk: { read: 0, written: 500 },
}

it("tells how busy the machine was, and what it moved a second", () => {
  const after: Reading = {
    cores: [
      { busy: 150, total: 1_100 },
      { busy: 100, total: 1_100 },
    ],
    memory: { used: 2, total: 4 },
    load: [4, 5, 6],
    network: { in: 3_000, out: 100 },
    disk: { read: 0, written: 1_500 },
  }
  expect(sampleBetween(before, after, 2_000)).toEqual({
    cpu: 75,
    memory: { used: 2, total: 4 },
    load: [4, 5, 6],
    network: { in: 1_000, out: 50 },
    disk: { read: 0, written: 500 },
  })
  expect(coresBetween(before.cores, after.cores)).toEqual([50, 100])
})

it("leaves out what the system does not tell", () => {
  const silent = { ...before, load: undefined, network: undefined, disk: undefined }
  expect(sampleBetween(silent, silent, 1_000)).toEqual({ cpu: 0, memory: { used: 1, total: 4 } })
})

it("takes a counter that went back for one that began anew, not for a negative rate", () => {
  const after = { ...before, network: { in: 0, out: 0 } }
  expect(sampleBetween(before, after, 1_000).network).toEqual({ in: 0, out: 0 })
})

it("says nothing of a core that was not there before", () => {
  expect(coresBetween([], [{ busy: 9, total: 10 }])).toEqual([0])
})

it("measures a process against the time of one core", () => {
  const then = { pid: 1, name: "a", state: "R", seconds: 10, memory: 5, threads: 2 }
  const now = { ...then, seconds: 13 }
  expect(processBetween(then, now, 2_000)).toEqual({
    pid: 1,
    name: "a",
    state: "R",
    memory: 5,
    threads: 2,
    cpu: 150,
  })
  expect(processBetween(undefined, now, 2_000).cpu).toBe(0)
})
