import { cpus } from "node:os"
import { expect, it } from "vitest"
import { linux } from "./linux.js"

it.runIf(process.platform === "linux")("reads the machine that it runs on", async () => {
  const system = await linux()
  const { cores, memory, load } = await system.read()
  expect(cores).toHaveLength(cpus().length)
  expect(memory.used).toBeGreaterThan(0)
  expect(memory.total).toBeGreaterThan(memory.used)
  expect(load).toHaveLength(3)
  const processes = await system.processes?.()
  const self = processes?.find(({ pid }) => pid === process.pid)
  expect(self).toMatchObject({ pid: process.pid, state: expect.stringMatching(/^[RSD]$/) })
  expect(self?.memory).toBeGreaterThan(10_000_000)
  expect(self?.threads).toBeGreaterThan(1)
})
