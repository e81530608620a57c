import { type Codec, type Encoded, jsonCodec } from "@trunkline/protocol"
import * as fc from "fast-check"
import { spelled, unspelled, written } from "./speech.js"

/*
 * What a hostile peer does, as plain data: it can be shrunk, printed, and kept in the corpus. What only
 * the moment of sending knows (the next number, the next id) stands in it by name.
 */

export type Step =
  /** A message of frames: right in its form, and in part in its content. */
  | {
      readonly do: "frames"
      readonly first: number | Name
      readonly ack: number | Name
      readonly frames: readonly unknown[]
    }
  /** The same with some of its characters changed. */
  | { readonly do: "mutate"; readonly step: Step; readonly changes: readonly Change[] }
  | { readonly do: "text"; readonly text: string }
  | { readonly do: "bytes"; readonly bytes: readonly number[] }
  /** The socket dies without a word, and the next one tries to go on. */
  | { readonly do: "drop"; readonly resume: object | undefined }

export type Name = "next" | "again" | "gap" | "all" | "future"

/** Replaces, removes or repeats a piece of a text, at a place given as a part of its length. */
export interface Change {
  readonly at: number
  readonly remove: number
  readonly insert: string
  readonly repeat: number
}

/** What the names in a script mean at the moment: how far a session has come. */
export class Moment {
  /** The next number to send, the last that came, and the next id. */
  next = 1
  received = 0
  id = 1
  /** Of the ids that servers give. */
  evenId = 0

  /** A message of the other side. */
  heard(message: unknown): void {
    if (!Array.isArray(message) || message[0] === 0) return
    this.received = Math.max(this.received, Number(message[0]) + message.length - 3)
  }
}

const path = fc.constantFrom(
  "echo",
  "add",
  "hang",
  "count",
  "latest",
  "log",
  "fails",
  "back",
  "witness.count",
  "witness",
  "nowhere",
  "",
  "__proto__",
  "constructor",
  "then",
)
/** Mostly what is right, seldom what is not: only so does a script get anywhere before its session ends. */
function mostly<T>(right: fc.Arbitrary<T>, wrong: fc.Arbitrary<T>, times = 40): fc.Arbitrary<T> {
  return fc.oneof({ weight: times, arbitrary: right }, { weight: 1, arbitrary: wrong })
}

const noId = fc.constantFrom<unknown>(
  0,
  1,
  2,
  9,
  2_001,
  -1,
  1.5,
  2 ** 53,
  2 ** 53 - 1,
  "1",
  null,
  [],
)
const newId = mostly(fc.constant<unknown>("$next"), noId)
const anId = mostly(fc.constantFrom<unknown>("$last", "$last", "$some"), noId)
const anInt = mostly(
  fc.integer({ min: 0, max: 300 }),
  fc.constantFrom<unknown>(-1, 0.5, 1e300, 2 ** 53 - 1, "7", null, true, {}),
)
const right = fc.constantFrom<unknown>(
  { $: "b", v: "AAAA" },
  { $: "d", v: 0 },
  { $: "f", v: "NaN" },
  { $: "m", v: [[1, 2]] },
  { $: "n", v: "-12" },
  { $: "o", v: [["$", 1]] },
  { $: "s", v: [] },
  { $: "u" },
)
const wrong = fc.record({
  $: fc.constantFrom<unknown>("b", "d", "f", "m", "n", "o", "s", "u", "z", 1, null),
  v: fc.constantFrom<unknown>(
    "?",
    "NaN",
    0,
    1e300,
    [],
    [[1, 2, 3]],
    [
      ["a", 1],
      ["__proto__", 2],
    ],
    null,
  ),
})
const marker: fc.Arbitrary<unknown> = mostly(right, wrong, 20)
const deep = mostly(fc.integer({ min: 1, max: 64 }), fc.constantFrom(65, 80), 10).map((depth) => {
  let value: unknown = 0
  for (let level = 0; level < depth; level++) value = level % 2 ? { x: value } : [value]
  return value
})
const payload: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<unknown>(1, "a", null, true, [], {}, { a: 1, b: 2 }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  { weight: 2, arbitrary: marker },
  { weight: 1, arbitrary: deep },
  { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 20 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 60_000 }).map((length) => "x".repeat(length)) },
)
const meta = fc.oneof(
  { weight: 12, arbitrary: fc.constant<unknown>(null) },
  { weight: 4, arbitrary: fc.record({ d: anInt, u: fc.constantFrom<unknown>(1, null) }) },
  { weight: 2, arbitrary: fc.constantFrom<unknown>({ f: "e1.7" }, { u: 1, f: "~" }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>({ u: 2 }, { k: 0 }, { t: 7 }, { f: "" }, [], 7),
  },
)
const parts: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      [15, "$next", 1, '[20,$last,"echo"'],
      [15, "$last", 1, ',"x"'],
      [15, "$last", 0, "]"],
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      [15, "$last", 2, ""],
      [15, 2, 1, "["],
      [15, "$next", 0, "7"],
      [15, 1, 1, 7],
    ),
  },
)
const some = <T>(arbitrary: fc.Arbitrary<T>, most: number) =>
  fc.array(arbitrary, { minLength: 0, maxLength: most })

const sequenced: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(fc.constant(20), newId, path, payload, fc.option(anInt), meta) },
  { weight: 3, arbitrary: fc.tuple(fc.constant(19), anId) },
  { weight: 3, arbitrary: fc.tuple(fc.constant(23), anId, anInt) },
  { weight: 1, arbitrary: parts },
  { weight: 1, arbitrary: fc.tuple(fc.constant(24), path, payload) },
  { weight: 1, arbitrary: fc.tuple(fc.constantFrom(64, 99, 2 ** 53 - 1), payload) },
)
/** What only a callee sends. */
const answers: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(fc.constant(17), anId, payload) },
  {
    weight: 3,
    arbitrary: fc.tuple(
      fc.constant(18),
      anId,
      fc.constantFrom<unknown>("BUSY", "REFUSED", "NOT_FOUND", "OTHER", "__proto__", "", 7),
      fc.constantFrom<unknown>("no", "yes", "unknown", "perhaps"),
      fc.option(fc.string({ maxLength: 10 })),
      payload,
    ),
  },
  { weight: 3, arbitrary: fc.tuple(fc.constant(21), anId, payload) },
  { weight: 3, arbitrary: fc.tuple(fc.constant(26), anId, some(payload, 8)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(22), anId) },
  {
    weight: 5,
    arbitrary: fc.tuple(
      fc.constant(25),
      anId,
      fc.constantFrom<unknown>("at", "gap", "reset", "restarted", "dropped", "stalled", "later", 7),
      fc.oneof(
        payload,
        fc.record({ window: anInt }),
        fc.record({ cursor: fc.constantFrom<unknown>("c.1", "", 7) }),
      ),
    ),
  },
)
const control: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 40, arbitrary: fc.tuple(fc.constantFrom(4, 5), anInt) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      [6, { reason: "r", deadlineMs: 5 }],
      [10, { reason: "r" }],
      [1, {}],
      [2, {}],
      [3, {}],
      [7, "t"],
      [8, {}],
      [9],
    ),
  },
)
const garbage: fc.Arbitrary<unknown> = fc.oneof(
  some(fc.jsonValue({ maxDepth: 2 }), 5),
  fc.jsonValue({ maxDepth: 2 }),
)

const ack = mostly(
  fc.constantFrom<number | Name>("all", "all", "all", 0),
  fc.constantFrom<number | Name>("future", -1, 0.5, 2 ** 53),
)
const first = mostly(
  fc.constantFrom<number | Name>("next", "next", "next", "next", "again"),
  fc.constantFrom<number | Name>("gap", 0, -1, 1.5, 2 ** 53),
)

function framesOf(frame: fc.Arbitrary<unknown>): fc.Arbitrary<Step> {
  const kind = fc.constant("frames" as const)
  const least = mostly(fc.constant(1), fc.constant(0))
  const frames = least.chain((minLength) => fc.array(frame, { minLength, maxLength: 4 }))
  const controls = fc.array(control, { maxLength: 3 })
  return fc.oneof(
    { weight: 6, arbitrary: fc.record({ do: kind, first, ack, frames }) },
    { weight: 1, arbitrary: fc.record({ do: kind, first: fc.constant(0), ack, frames: controls }) },
  )
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.integer({ min: 0, max: 6 }),
  insert: fc.oneof(
    fc.string({ maxLength: 4 }),
    fc.constantFrom(
      '"$"',
      "__proto__",
      "\\u0000",
      "\\ud800",
      "[",
      "]",
      "{",
      "}",
      ",",
      "-",
      "1e999",
      "\u0000",
    ),
  ),
  repeat: fc.oneof(
    { weight: 20, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.integer({ min: 2, max: 5_000 }) },
  ),
})

const resume = fc.oneof(
  { weight: 4, arbitrary: fc.constant<object | undefined>({}) },
  { weight: 1, arbitrary: fc.constant<object | undefined>(undefined) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<object | undefined>(
      { attempt: 0 },
      { attempt: 1 },
      { rx: 2_000 },
      { tx: 0 },
      { end: true },
      { secret: "guessed" },
      { sid: "unknown" },
      { rx: -1 },
      { tx: 2 ** 53 - 1, attempt: 2 ** 53 - 1 },
    ),
  },
)

function stepsOf(frame: fc.Arbitrary<unknown>): fc.Arbitrary<readonly Step[]> {
  const frames = framesOf(mostly(frame, garbage, 60))
  const changes = fc.array(change, { minLength: 1, maxLength: 3 })
  const step = fc.oneof<fc.WeightedArbitrary<Step>[]>(
    { weight: 40, arbitrary: frames },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant("mutate" as const), step: frames, changes }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("text" as const),
        text: fc.string({ unit: "binary", maxLength: 40 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        do: fc.constant("bytes" as const),
        bytes: some(fc.integer({ min: 0, max: 255 }), 20),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("drop" as const), resume }) },
  )
  return fc.array(step, { minLength: 1, maxLength: 60, size: "max" })
}

/** The same of channels that a server opens. */
function evenly(frame: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const names = { $next: "$even", $last: "$given", $some: "$given" }
  return frame.map((known) =>
    JSON.parse(
      JSON.stringify(known).replaceAll(/\$(?:next|last|some)/g, (name) =>
        String(Reflect.get(names, name)),
      ),
    ),
  )
}

/** Against a server: mostly what callers send, what its own calls are answered, and some of neither. */
export const hostileClient: fc.Arbitrary<readonly Step[]> = stepsOf(
  fc.oneof(
    { weight: 60, arbitrary: sequenced },
    { weight: 12, arbitrary: evenly(answers) },
    { weight: 1, arbitrary: answers },
    { weight: 1, arbitrary: control },
  ),
)

/** Against a client: mostly what callees send. */
export const hostileServer: fc.Arbitrary<readonly Step[]> = stepsOf(
  fc.oneof(
    { weight: 60, arbitrary: answers },
    { weight: 1, arbitrary: sequenced },
    { weight: 1, arbitrary: control },
  ),
)

/** Against a client that serves: mostly what a server calls, and what it answers. */
export const hostileCaller: fc.Arbitrary<readonly Step[]> = stepsOf(
  fc.oneof(
    { weight: 40, arbitrary: evenly(sequenced) },
    { weight: 20, arbitrary: answers },
    { weight: 1, arbitrary: control },
  ),
)

/** What goes over the wire; `undefined`: nothing, the socket dies. */
export function wireOf(step: Step, moment: Moment, codec: Codec = jsonCodec): Encoded | undefined {
  switch (step.do) {
    case "frames": {
      const { frames } = step
      const numbers = [numberOf(step.first, moment), numberOf(step.ack, moment)]
      if (step.first === "next") moment.next += frames.length
      return written(codec, named(JSON.stringify([...numbers, ...frames]), moment))
    }
    case "mutate":
      return unspelled(
        codec,
        step.changes.reduce(changed, spelled(wireOf(step.step, moment, codec) ?? "")),
      )
    case "text":
      return step.text
    case "bytes":
      return new Uint8Array(step.bytes)
    case "drop":
      return undefined
  }
}

function numberOf(number: number | Name, { next, received }: Moment): number {
  switch (number) {
    case "next":
      return next
    case "again":
      return Math.max(1, next - 1)
    case "gap":
      return next + 2
    case "all":
      return received
    case "future":
      return received + 1_000
    default:
      return number
  }
}

/** Each `$next` and `$even` is an id of its own, so that several OPENs can stand in one message. */
function named(text: string, moment: Moment): string {
  const even = text.replaceAll(/"?\$(even|given)"?/g, (_, name) => {
    if (name === "even") moment.evenId += 2
    return String(Math.max(2, moment.evenId))
  })
  return even.replaceAll(/"?\$(next|last|some)"?/g, (_, name, place) => {
    if (name === "next") moment.id += 2
    const last = Math.max(1, moment.id - 2)
    return String(name === "some" ? 1 + 2 * (place % ((last + 1) / 2)) : last)
  })
}

function changed(text: string, { at, remove, insert, repeat }: Change): string {
  const place = Math.floor(at * text.length)
  return text.slice(0, place) + insert.repeat(repeat) + text.slice(place + remove)
}
