import { expect, it } from "vitest"
import { defaultLimits, windowFloor } from "./limits.js"
import { ownLimits } from "./own-limits.js"

it("our own limits are the defaults, where nothing else is said", () => {
  expect(ownLimits(undefined)).toEqual(defaultLimits)
  const more = { calls: 0, window: windowFloor }
  expect(ownLimits(more)).toEqual({ ...defaultLimits, ...more })
  expect(ownLimits({ calls: undefined })).toEqual(defaultLimits)
})

it("limits that the other side would not believe are a mistake of ours", () => {
  for (const bad of [{ window: windowFloor - 1 }, { calls: -1 }, { streams: 0.5 }]) {
    expect(() => ownLimits(bad)).toThrow(TypeError)
  }
  expect(() => ownLimits({ messageBytes: Number.NaN })).toThrow("impossible limits")
})
