import { readFileSync } from "node:fs"
import { defaultBackoff, errorCodes } from "@trunkline/protocol"
import * as durations from "@trunkline/protocol/durations"
import * as limits from "@trunkline/protocol/limits"
import { expect, test } from "vitest"
import { defaultTimeout } from "../../endpoint/src/calls/pending.js"
import { defaultKeep } from "../../react/src/keep.js"
import { readUnits, topicUnits } from "../src/broker/broker.js"
import { defaultKept } from "../src/broker/memory-broker.js"
import { allRingUnits, opensAtATime } from "../src/broker-topic.js"
import { brokerBackoff, linger, openTimeout } from "../src/feed/feed.js"
import { pageEntries } from "../src/feed/feed-reader.js"
import { idleFeeds } from "../src/feed/feeds.js"
import { publishAttempt, publishTimeout, publishUnits } from "../src/feed/publisher.js"
import { ringEntries, ringUnits } from "../src/feed/ring.js"
import { defaultKeys } from "../src/memory-keys.js"
import {
  defaultDrain,
  defaultEntrance,
  defaultHeadersTimeout,
  defaultMemory,
} from "../src/options.js"

/* The pages say the numbers and the codes of the source, and all of those that a user may meet. */

const page = (name: string): string =>
  readFileSync(new URL(`../../../docs/${name}.md`, import.meta.url), "utf8")

const constants = {
  limits,
  durations,
  defaultBackoff,
  defaultTimeout,
  defaultDrain,
  defaultEntrance,
  defaultMemory,
  defaultHeadersTimeout,
  defaultKeep,
  defaultKept,
  ...{
    topicUnits,
    readUnits,
    ringEntries,
    ringUnits,
    allRingUnits,
    pageEntries,
    opensAtATime,
    idleFeeds,
  },
  ...{ linger, openTimeout, brokerBackoff, publishAttempt, publishTimeout, publishUnits },
  defaultKeys,
}

/** What stands in the source under a dotted name. */
function constantOf(name: string): unknown {
  return name.split(".").reduce<unknown>((found, key) => Reflect.get(Object(found), key), constants)
}

const rows = page("limits")
  .split("\n")
  .filter((line) => line.startsWith("|"))
  .map((line) => line.split("|").map((cell) => cell.trim()))
  .flatMap((cells) => {
    const name = /^`([\w.]+)`$/.exec(cells.at(-2) ?? "")?.[1]
    return name === undefined ? [] : [[name, Number(cells[2]?.replaceAll(",", ""))] as const]
  })

test("the page of limits has them", () => {
  expect(rows.length).toBeGreaterThan(30)
})

test.each(rows)("%s is %d", (name, value) => {
  expect(constantOf(name)).toBe(value)
})

/** How frames are cut and acknowledged, which nobody notices. */
const internal = [
  ...[
    "windowFloor",
    "windowCeiling",
    "envelopeUnits",
    "messageUnits",
    "messageFrames",
    "partUnits",
  ],
  ...["runLength", "closeReasonBytes", "turnUnits", "fifoUnits", "ackFrames", "defaultLimits"],
]

test("no limit is missing", () => {
  const named = new Set(rows.map(([name]) => name.split(".")[1]))
  const missing = Object.keys(limits).filter((key) => !named.has(key) && !internal.includes(key))
  expect(missing).toEqual([])
})

test("every reserved code is on the page of errors, and no other", () => {
  const table = page("errors").split("## Reserved codes")[1]?.split("##")[0] ?? ""
  const codes = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)
  expect(codes.sort()).toEqual(Object.keys(errorCodes).sort())
})
