import type { Process } from "@trunkline-example/dashboard-contract"
import { afterEach, expect, it, vi } from "vitest"
import { changes, ProcessTable } from "./process-table.js"
import type { ProcessReading } from "./system.js"

afterEach(() => vi.useRealTimers())

const row = (pid: number): Process => ({
  pid,
  name: "a",
  state: "S",
  cpu: 0,
  memory: 1,
  threads: 1,
})

it("tells a reader of new, changed and vanished rows, and of nothing twice", () => {
  const told = new Map<number, Process>()
  const [one, two] = [row(1), row(2)]
  const both = new Map([one, two].map((process) => [process.pid, process]))
  expect([...changes(told, both)]).toEqual([one, two])
  expect([...changes(told, both)]).toEqual([])
  const busy = { ...two, cpu: 50 }
  expect([...changes(told, new Map([[2, busy]]))]).toEqual([busy, { pid: 1, gone: true }])
  expect([...changes(told, new Map([[2, busy]]))]).toEqual([])
})

it("looks at the processes only while somebody watches", async () => {
  const reading: ProcessReading = {
    pid: 7,
    name: "a",
    state: "R",
    seconds: 1,
    memory: 2,
    threads: 1,
  }
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
  let looks = 0
  const read = async () => {
    looks++
    return [{ ...reading, memory: looks }]
  }
  const table = new ProcessTable({ read, every: 1_000, failed: () => {} })
  expect(looks).toBe(0)
  const leaving = new AbortController()
  const stream = table.watch(leaving.signal)
  expect((await stream.next()).value).toMatchObject({ pid: 7, memory: 1 })
  const next = stream.next()
  vi.advanceTimersByTime(1_000)
  expect((await next).value).toMatchObject({ pid: 7, memory: 2 })
  leaving.abort()
  await stream.return()
  const then = looks
  vi.advanceTimersByTime(10_000)
  expect(looks).toBe(then)
})
