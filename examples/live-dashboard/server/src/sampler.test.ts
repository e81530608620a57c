import type { Sample } from "@trunkline-example/dashboard-contract"
import { expect, it } from "vitest"
import { History } from "./history.js"
import { Sampler } from "./sampler.js"
import type { Reading } from "./system.js"

it("makes a sample of each two looks, and tells of it", async () => {
  let busy = 0
  const read = async (): Promise<Reading> => {
    busy += 25
    return {
      cores: [{ busy, total: busy * 4 }],
      memory: { used: busy, total: 1_000 },
      load: undefined,
      network: undefined,
      disk: undefined,
    }
  }
  const samples = new History<Sample>("run", 10)
  const told: Sample[] = []
  const sampler = new Sampler({ read, cores: async () => [] }, samples, (sample) => {
    told.push(sample)
  })
  await sampler.look()
  expect(told).toEqual([])
  await sampler.look()
  await sampler.look()
  expect(told).toMatchObject([
    { run: "run", number: 1, cpu: 25, memory: { used: 50, total: 1_000 } },
    { run: "run", number: 2, cpu: 25, memory: { used: 75, total: 1_000 } },
  ])
  const stream = samples.follow(new AbortController().signal, () => new Error("fell behind"))
  expect((await stream.next()).value).toBe(told[0])
})
