import { type Limits, ownLimits, type RateLimits } from "@trunkline/protocol"
import * as bounds from "@trunkline/protocol/limits"
import {
  type DrainOptions,
  defaultCodecs,
  type Identity,
  longestDrain,
  type ServeOptions,
} from "./options.js"

/*
 * What types say already, for callers without them, and for numbers that come from an environment. It is
 * refused where it is given: later it would be every client that is refused, or nobody.
 */

/** Throws a TypeError for options that could not work. */
export function checkOptions(options: ServeOptions<unknown>): void {
  const { authenticate, log, origins, contract, codecs, keys, session = {}, limits = {} } = options
  for (const [name, value] of Object.entries({ authenticate, log })) {
    demand(value === undefined || typeof value === "function", `${name} is no function`)
  }
  demand(origins === undefined || isListOfText(origins), "origins is no list of texts")
  demand(contract === undefined || typeof contract === "string", "contract is no text")
  demand(keys === undefined || isKeyStore(keys), "keys is no key store, such as memoryKeys() makes")
  demand(codecs === undefined || isListOfCodecs(codecs), "codecs is no list of msgpack and json")
  demandInteger("session.heartbeat", session.heartbeat, 1)
  demandInteger("session.grace", session.grace, 0)
  demandInteger("limits.handlers", limits.handlers, 1)
  const { entrance = {}, memory = {} } = limits
  demandNumber("limits.entrance.hellos", entrance.hellos, 1)
  demandNumber("limits.entrance.handshakes", entrance.handshakes, 1)
  demandNumber("limits.entrance.handshakeBytes", entrance.handshakeBytes, bounds.messageBytesOnWire)
  demandNumber("limits.entrance.connections", entrance.connections, 1)
  demandNumber("limits.memory.units", memory.units, 0)
  demandNumber("limits.memory.tombstones", memory.tombstones, 0)
  checkRates(limits.rates ?? {}, ownLimits(limits))
}

/** What `authenticate` gave, if it is one: whatever else it is lets nobody in. */
export function checkedIdentity(given: Identity<unknown>): Identity<unknown> {
  const { principal, expires } = Object(given)
  const known = principal === undefined || typeof principal === "string"
  const timed = expires === undefined || isDate(expires)
  if (known && timed && typeof given === "object" && given !== null && "context" in given) {
    return given
  }
  throw new TypeError(
    "authenticate gives { principal?: string, context, expires?: Date }, or throws",
  )
}

/** Throws a TypeError for milliseconds that are none. */
export function checkDrain(options: DrainOptions): void {
  const { within, spread } = Object(options)
  for (const [name, value] of Object.entries({ within, spread })) {
    const fits = value === undefined || (typeof value === "number" && value >= 0)
    if (fits && !(Number(value) > longestDrain)) continue
    throw new TypeError(
      `drain: ${name} is no number of milliseconds up to ${longestDrain}: ${String(value)}`,
    )
  }
}

function demandInteger(name: string, value: unknown, least: number): void {
  const fits = value === undefined || (Number.isSafeInteger(value) && Number(value) >= least)
  demand(fits, `${name} is no integer from ${least}: ${String(value)}`)
}

/**
 * What a correct client does at once has to fit: all that it may have open comes again after a lost session,
 * and would end the next one.
 */
function checkRates(rates: RateLimits, { calls, streams, messageBytes }: Limits): void {
  const { frames, bytes, opens, ...others } = rates
  const largest = Math.max(bounds.messageBytesOnWire, messageBytes + bounds.envelopeUnits)
  demandNumber("limits.rates.frames", frames, (calls + streams) / 2)
  demandNumber("limits.rates.opens", opens, (calls + streams) / 2)
  demandNumber("limits.rates.bytes", bytes, largest / 2)
  for (const [name, rate] of Object.entries(others)) demandNumber(`limits.rates.${name}`, rate, 1)
}

function demandNumber(name: string, value: unknown, least: number): void {
  const fits = value === undefined || (typeof value === "number" && value >= least)
  demand(fits, `${name} is no number from ${least}: ${String(value)}`)
}

function demand(holds: boolean, complaint: string): void {
  if (!holds) throw new TypeError(`serve: ${complaint}`)
}

function isKeyStore(keys: object): boolean {
  const methods = ["claim", "renew", "complete", "release"]
  const bounds = ["ttlMs", "outcomeUnits"]
  return (
    methods.every((name) => typeof Reflect.get(Object(keys), name) === "function") &&
    bounds.every((name) => Number(Reflect.get(Object(keys), name)) >= 0)
  )
}

function isListOfCodecs(value: unknown): boolean {
  const known: readonly unknown[] = defaultCodecs
  return Array.isArray(value) && value.length > 0 && value.every((name) => known.includes(name))
}

function isDate(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime())
}

function isListOfText(value: unknown): boolean {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string")
}
