import { existsSync } from "node:fs"
import { delimiter, join } from "node:path"
import { type Browser, chromium } from "playwright-core"
import { describe } from "vitest"

const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"]

/** `CHROMIUM_PATH`, or the first browser of a known name on the path. */
function findChromium(): string | undefined {
  const given = process.env["CHROMIUM_PATH"]
  if (given !== undefined && given !== "") return given
  const places = (process.env["PATH"] ?? "").split(delimiter)
  return names
    .flatMap((name) => places.map((place) => join(place, name)))
    .find((path) => existsSync(path))
}

const executablePath = findChromium()

if (executablePath === undefined && process.env["CI"]) {
  throw new Error("Chromium is not installed; under CI no browser test may be left out")
}

/**
 * `describe` for tests that drive a real browser. On a machine without Chromium they are left
 * out, and the end of the run names them; under CI its absence is a failure.
 */
export const describeInChromium: typeof describe.skip | typeof describe = describe.skipIf(
  executablePath === undefined,
)

/** A fresh browser without a window, with more arguments if given. The caller closes it. */
export function launchChromium(...args: readonly string[]): Promise<Browser> {
  if (executablePath === undefined) throw new Error("Chromium is not installed")
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...args,
    ],
  })
}

export type { Browser, BrowserContext, Page } from "playwright-core"
