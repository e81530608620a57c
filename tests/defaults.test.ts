import { RpcError } from "@trunkline/contract"
import { defaultBackoff } from "@trunkline/protocol"
import * as durations from "@trunkline/protocol/durations"
import * as limits from "@trunkline/protocol/limits"
import { expect, it } from "vitest"
import { defaultTimeout } from "../packages/endpoint/src/calls/pending.js"
import { defaultLeave } from "../packages/react/src/call.js"
import { defaultEvery } from "../packages/react/src/connection.js"
import { defaultKeep } from "../packages/react/src/keep.js"
import { defaults as defaultFollowing } from "../packages/react/src/subscription.js"
import { defaultPrefix } from "../packages/server/src/adapters/prometheus.js"
import { defaultKept } from "../packages/server/src/broker/memory-broker.js"
import { defaultKeys } from "../packages/server/src/memory-keys.js"
import {
  defaultDrain,
  defaultEntrance,
  defaultHeadersTimeout,
  defaultMemory,
  defaultPath,
  defaultSignals,
  defaultValidation,
} from "../packages/server/src/options.js"
import { defaultDrop } from "../packages/testing/src/line/script.js"
import { isSource, read, trackedPaths } from "./support/repository.js"
import { defaultTags, literalOf, silentOptions } from "./tidy/defaults.js"

/** The simulator's options are its own affair. */
const sources = trackedPaths()
  .filter((path) => isSource(path) && !path.includes("/simulator/"))
  .map(read)

/** The values that the code uses, by the option that is left out. */
const used = {
  "AttachOptions.path": defaultPath,
  "CallOptions.timeout": defaultTimeout,
  "ClientLimits.handlers": limits.handlers,
  "ConnectOptions.timeout": defaultTimeout,
  "ConnectionOptions.every": defaultEvery,
  "DrainOptions.within": defaultDrain,
  "DropOptions.code": defaultDrop.code,
  "DropOptions.times": defaultDrop.times,
  "EntranceLimits.connections": defaultEntrance.connections,
  "EntranceLimits.handshakeBytes": defaultEntrance.handshakeBytes,
  "EntranceLimits.handshakes": defaultEntrance.handshakes,
  "EntranceLimits.hellos": defaultEntrance.hellos,
  "FollowOptions.enabled": defaultFollowing.enabled,
  "FollowOptions.throwOnError": defaultFollowing.throwOnError,
  "LiveOptions.keep": defaultKeep,
  "Limits.calls": limits.defaultLimits.calls,
  "Limits.messageBytes": limits.defaultLimits.messageBytes,
  "Limits.streams": limits.defaultLimits.streams,
  "Limits.window": limits.defaultLimits.window,
  "ListenOptions.headersTimeout": defaultHeadersTimeout,
  "ListenOptions.signals": defaultSignals,
  "MeasureOptions.prefix": defaultPrefix,
  "MemoryLimits.tombstones": defaultMemory.tombstones,
  "MemoryLimits.units": defaultMemory.units,
  "MemoryBrokerOptions.age": defaultKept.age,
  "MemoryBrokerOptions.entries": defaultKept.entries,
  "MemoryBrokerOptions.topics": defaultKept.topics,
  "MemoryBrokerOptions.totalUnits": defaultKept.totalUnits,
  "MemoryBrokerOptions.units": defaultKept.units,
  "MemoryKeysOptions.bytes": defaultKeys.bytes,
  "MemoryKeysOptions.entries": defaultKeys.entries,
  "MemoryKeysOptions.ttl": defaultKeys.ttl,
  "QueueOptions.calls": limits.waitingOpens,
  "QueueOptions.units": limits.waitingOpenUnits,
  "RateLimits.cancels": limits.rates.cancels,
  "RateLimits.events": limits.rates.events,
  "RateLimits.pings": limits.rates.pings,
  "ReconnectOptions.base": defaultBackoff.base,
  "ReconnectOptions.cap": defaultBackoff.cap,
  "RpcErrorOptions.executed": new RpcError("INTERNAL").executed,
  "ServerLimits.handlers": limits.handlers,
  "SessionTiming.grace": durations.grace,
  "SessionTiming.heartbeat": durations.heartbeat,
  "ValidationOptions.items": defaultValidation.items,
  "UseCallOptions.onLeave": defaultLeave,
  "ValidationOptions.output": defaultValidation.output,
  "ViewOptions.keep": defaultKeep,
  "ViewOptions.paused": defaultFollowing.paused,
}

it("every option says what holds when it is left out", () => {
  expect(silentOptions(sources)).toEqual([])
})

it("every value that a hover names is the one that the code uses", () => {
  const told = [...defaultTags(sources)].map(([option, tag]) => [option, literalOf(tag)])
  const values = told.filter(([, value]) => value !== undefined)
  expect(Object.fromEntries(values)).toEqual(used)
})

it.each([
  ["30_000, or what `connect` was told", 30_000],
  ["512", 512],
  ["true", true],
  ['"/rpc"', "/rpc"],
  ["404page", undefined],
  ["the runtime's", undefined],
])("a tag that says %s means %s", (tag, value) => {
  expect(literalOf(tag)).toBe(value)
})

it("an option that says nothing is found out", () => {
  const text = `export interface AOptions {
    readonly a?: number | undefined
    /** @default 1 */
    readonly b?: number | undefined
    readonly c: number
    readonly d?: (() => void) | undefined
  }`
  const planted = [{ path: "packages/client/src/a.ts", text }]
  expect(silentOptions(planted)).toEqual(["packages/client/src/a.ts:2 says no @default"])
  expect(defaultTags(planted)).toEqual(new Map([["AOptions.b", "1"]]))
})
