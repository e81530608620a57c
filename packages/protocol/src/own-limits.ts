import type { Limits } from "./frame.js"
import { defaultLimits } from "./limits.js"
import { areLimits } from "./shape.js"

/** As options have them. */
type StatedLimits = { readonly [Name in keyof Limits]?: Limits[Name] | undefined }

/** What this side accepts. Throws for what the other side would refuse to believe. */
export function ownLimits(options: StatedLimits | undefined): Limits {
  const {
    window = defaultLimits.window,
    calls = defaultLimits.calls,
    streams = defaultLimits.streams,
    messageBytes = defaultLimits.messageBytes,
  } = options ?? {}
  const limits = { window, calls, streams, messageBytes }
  if (areLimits(limits)) return limits
  const stated = Object.entries(limits).map(([name, value]) => `${name} ${value}`)
  throw new TypeError(`impossible limits: ${stated.join(", ")}`)
}
