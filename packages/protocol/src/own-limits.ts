import type { Limits } from "./frame.js"
import { defaultLimits } from "./limits.js"
import { areLimits } from "./shape.js"

/** What this side accepts. Throws for what the other side would refuse to believe. */
export function ownLimits(options: Partial<Limits> | undefined): Limits {
  const { window, calls, streams, messageBytes } = { ...defaultLimits, ...options }
  const limits = { window, calls, streams, messageBytes }
  if (areLimits(limits)) return limits
  const stated = Object.entries(limits).map(([name, value]) => `${name} ${value}`)
  throw new TypeError(`impossible limits: ${stated.join(", ")}`)
}
