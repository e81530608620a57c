import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  type AcceptedChannel,
  type Codec,
  type Encoded,
  type Frame,
  helloMessage,
  jsonCodec,
  type Kind,
  msgpackCodec,
  readAnswer,
  readControl,
  readHello,
  readSequenced,
  Unencodable,
  Violation,
} from "../src/index.js"
import { toValue, type ValueForm } from "./value-form.js"
import { itemsOf, type Opened, takeAll, takeUp, transcribe, type Wired, wired } from "./wired.js"

function load(name: string) {
  const url = new URL(`../../../docs/vectors/${name}.vectors.json`, import.meta.url)
  return JSON.parse(readFileSync(url, "utf8"))
}

interface Named {
  readonly name: string
  readonly text: string
}

const codecs = [
  ["json", jsonCodec],
  ["msgpack", msgpackCodec()],
] as const

/** Of what is the same on all codecs the vectors have the text alone. */
const messageOn = transcribe

/** Whether a text of JSON can be written on this codec at all: a key `__proto__` cannot. */
function isOn(codec: Codec): (text: string) => boolean {
  return (text) => codec === jsonCodec || !text.includes("__proto__")
}

function bytesOf(hex: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(hex, "hex"))
}

function hexOf(wire: Encoded): string {
  return Buffer.from(wire).toString("hex")
}

describe("values", () => {
  type WithValue = Named & { readonly value: ValueForm }
  type Msgpack = { readonly name: string; readonly msgpack: string }
  const vectors: {
    readonly roundTrip: readonly (WithValue & Msgpack)[]
    readonly readOnly: readonly WithValue[]
    readonly refused: readonly Named[]
    readonly unsendable: readonly {
      readonly name: string
      readonly value: ValueForm
      readonly only?: string
    }[]
    readonly msgpackReadOnly: readonly (Msgpack & { readonly value: ValueForm })[]
    readonly msgpackRefused: readonly Msgpack[]
  } = load("values")

  /** A payload as it arrives: in a frame, in a message. */
  function read(codec: Codec, payload: Encoded): unknown {
    const wire = codec.array([1, 0, codec.array([17, 1, payload])])
    const { value, revive } = codec.decode(wire)
    const frame = readSequenced(Reflect.get(Object(value), "2"), revive)
    return frame?.[2]
  }

  describe("on json", () => {
    for (const { name, text, value } of vectors.roundTrip) {
      it(`writes and reads ${name}`, () => {
        expect(jsonCodec.encode(toValue(value))).toBe(text)
        expect(read(jsonCodec, text)).toStrictEqual(toValue(value))
      })
    }
    for (const { name, text, value } of vectors.readOnly) {
      it(`reads ${name}`, () => expect(read(jsonCodec, text)).toStrictEqual(toValue(value)))
    }
    for (const { name, text } of vectors.refused) {
      it(`refuses ${name}`, () => expect(() => read(jsonCodec, text)).toThrow(Violation))
    }
  })

  describe("on msgpack", () => {
    const codec = msgpackCodec()
    for (const { name, msgpack, value } of vectors.roundTrip) {
      it(`writes and reads ${name}`, () => {
        expect(hexOf(codec.encode(toValue(value)))).toBe(msgpack)
        expect(read(codec, bytesOf(msgpack))).toStrictEqual(toValue(value))
      })
    }
    for (const { name, msgpack, value } of vectors.msgpackReadOnly) {
      it(`reads ${name}`, () => {
        expect(read(codec, bytesOf(msgpack))).toStrictEqual(toValue(value))
      })
    }
    for (const { name, msgpack } of vectors.msgpackRefused) {
      it(`refuses ${name}`, () => expect(() => read(codec, bytesOf(msgpack))).toThrow(Violation))
    }
  })

  describe.each(codecs)("on %s", (speech, codec) => {
    const own = vectors.unsendable.filter(({ only = speech }) => only === speech)
    it.each(own)("does not send $name", ({ value }) => {
      expect(() => codec.encode(toValue(value))).toThrow(Unencodable)
    })
  })
})

describe("frames", () => {
  interface FrameVectors {
    readonly kind: number
    readonly name: string
    /** A PART is cut on each codec as that one can: it has one of the two. */
    readonly accept: readonly {
      readonly text?: string
      readonly msgpack?: string
      readonly fields: readonly ValueForm[]
      readonly canonical?: boolean
    }[]
    readonly refuse: readonly string[]
  }
  interface Text {
    readonly text: string
  }
  const vectors: {
    readonly numbered: readonly FrameVectors[]
    readonly control: readonly FrameVectors[]
    readonly refusedWhereNumbered: readonly Text[]
    readonly refusedWhereControl: readonly Text[]
    readonly ignored: readonly Text[]
  } = load("frames")
  type Reader = (codec: Codec, wire: Encoded) => Frame | undefined

  const readNumbered: Reader = (codec, wire) => {
    const { value, revive } = codec.decode(wire)
    return readSequenced(value, revive)
  }
  const readUnnumbered: Reader = (codec, wire) => {
    const { value, revive } = codec.decode(wire)
    return readControl(value, revive)
  }

  describe.each(codecs)("on %s", (_, codec) => {
    function check({ kind, name, accept, refuse }: FrameVectors, read: Reader): void {
      for (const { text, msgpack, fields, canonical = true } of accept) {
        const written = codec === jsonCodec ? text : msgpack
        if (written === undefined) continue
        it(`reads and writes ${name}: ${written.slice(0, 60)}`, () => {
          const wire = codec === jsonCodec ? written : bytesOf(written)
          const values = fields.map(toValue)
          const [readKind, ...readFields] = read(codec, wire) ?? []
          expect(readKind).toBe(kind)
          expect(readFields.slice(0, values.length)).toStrictEqual(values)
          if (!canonical) return
          const encoded = values.map((value) => codec.encode(value))
          expect(codec.array([kind, ...encoded])).toEqual(wire)
        })
      }
      it.each(refuse.filter(isOn(codec)))(`refuses ${name}: %.60s`, (text) => {
        const wire = messageOn(codec, text)
        expect(() => read(codec, wire)).toThrow(Violation)
      })
    }

    for (const vector of vectors.numbered) check(vector, readNumbered)
    for (const vector of vectors.control) check(vector, readUnnumbered)
    it.each(vectors.refusedWhereNumbered)("refuses $text where frames are numbered", ({ text }) => {
      const wire = messageOn(codec, text)
      expect(() => readNumbered(codec, wire)).toThrow(Violation)
    })
    it.each(vectors.refusedWhereControl)("refuses $text in a control message", ({ text }) => {
      const wire = messageOn(codec, text)
      expect(() => readUnnumbered(codec, wire)).toThrow(Violation)
    })
    it.each(vectors.ignored)("ignores $text", ({ text }) => {
      expect(readNumbered(codec, messageOn(codec, text))).toBeUndefined()
      expect(readUnnumbered(codec, messageOn(codec, text))).toBeUndefined()
    })
  })
})

describe("handshake", () => {
  const vectors: {
    readonly hello: readonly Named[]
    readonly helloRefused: readonly Named[]
    readonly answer: readonly (Named & { readonly kind: number })[]
    readonly answerRefused: readonly Named[]
  } = load("handshake")

  /** Those of a codec alone are in no other's vectors. */
  const isJson = ({ text }: Named) => /^\[/.test(text)

  describe.each(codecs)("on %s", (_, codec) => {
    it.each(vectors.hello)("takes HELLO: $name", ({ text }) => {
      const wire = messageOn(codec, text)
      const hello = readHello(codec, wire)
      expect(hello).toEqual(JSON.parse(text)[2][1])
      if (hello) expect(helloMessage(codec, hello)).toEqual(wire)
    })
    it.each(vectors.helloRefused.filter(isJson))("refuses HELLO: $name", ({ text }) => {
      expect(readHello(codec, messageOn(codec, text))).toBeUndefined()
    })
    it.each(vectors.answer)("takes $name", ({ text, kind }) => {
      expect(readAnswer(codec, messageOn(codec, text))).toEqual([kind, JSON.parse(text)[2][1]])
    })
    it.each(vectors.answerRefused.filter(isJson))("refuses for an answer: $name", ({ text }) => {
      expect(readAnswer(codec, messageOn(codec, text))).toBeUndefined()
    })
  })

  it("refuses what is no JSON", () => {
    const texts = [...vectors.helloRefused, ...vectors.answerRefused].filter((one) => !isJson(one))
    expect(texts).toHaveLength(3)
    for (const { text } of texts) {
      expect(readHello(jsonCodec, text)).toBeUndefined()
      expect(readAnswer(jsonCodec, text)).toBeUndefined()
    }
  })
})

describe("sessions", () => {
  interface Step {
    readonly hears?: string
    readonly says?: string
    readonly closes?: number
    readonly applied?: number
    readonly opens?: { path: string; kind: Kind; input?: ValueForm }
    readonly serves?: number
    readonly kind?: Kind
    readonly window?: number
    readonly results?: number
    readonly ends?: number
    readonly sends?: number
    readonly finishes?: number
    readonly cancels?: number
    readonly takes?: number
    readonly items?: readonly ValueForm[]
    readonly settles?: number
    readonly value?: ValueForm
    readonly error?: object
  }
  const vectors: {
    readonly sessions: readonly {
      readonly name: string
      readonly role: "server" | "client"
      readonly steps: readonly Step[]
    }[]
  } = load("sessions")

  /** One end of a wire, and the channels that were opened there. */
  class Run {
    readonly #line: Wired
    readonly #end
    readonly #opened = new Map<number, Opened>()
    #said = 0

    constructor(codec: Codec, role: "server" | "client") {
      this.#line = wired({ codec, servesNothing: true })
      this.#end = this.#line[role]
    }

    step(step: Step): void {
      const end = this.#end
      if (step.opens) this.#open(step.opens)
      if (step.hears !== undefined) end.hear(step.hears)
      if (step.cancels !== undefined) {
        const { channel } = this.#channel(step.cancels)
        end.step(({ calling }) => calling.giveUp(channel, "CANCELLED"))
      }
      if (step.takes !== undefined) this.#takes(step.takes, step)
      if (step.serves !== undefined) {
        end.serveAs(step.kind ?? "call", step.window, this.#accepted(step.serves))
      }
      if (step.results !== undefined) {
        end.result(this.#accepted(step.results), toValue(step.value ?? null))
      }
      if (step.ends !== undefined) {
        const channel = this.#accepted(step.ends)
        end.serve((serving) => serving.end(channel))
      }
      if (step.sends !== undefined) this.#sends(step.sends, step)
      if (step.finishes !== undefined) {
        const { channel } = this.#channel(step.finishes)
        end.step(({ calling }) => calling.finish(channel))
      }
      this.#line.flush()
      if (step.settles !== undefined) this.#settles(step.settles, step)
      if (step.says !== undefined) expect(end.sent[this.#said++]).toBe(step.says)
      if (step.applied !== undefined) expect(end.session.applied).toBe(step.applied)
      if (step.closes !== undefined) expect(end.closed?.code).toBe(step.closes)
    }

    /** Nothing more was said, and no close but the one that was told. */
    rest(closes: boolean): void {
      expect(this.#end.sent.slice(this.#said)).toEqual([])
      expect(this.#end.closed !== undefined).toBe(closes)
    }

    #open({ path, kind, input }: NonNullable<Step["opens"]>): void {
      const value = input === undefined ? undefined : toValue(input)
      const opened = this.#end.open(path, { kind, input: value })
      this.#line.flush()
      this.#opened.set(opened.channel.id, opened)
    }

    #takes(id: number, { items = [] }: Step): void {
      const opened = this.#opened.get(id)
      const taken = opened
        ? itemsOf(takeAll(opened, this.#end))
        : takeUp(this.#accepted(id), this.#end)
      expect(taken).toStrictEqual(items.map(toValue))
    }

    #sends(id: number, { items = [] }: Step): void {
      const opened = this.#opened.get(id)
      const values = items.map(toValue)
      if (opened) return this.#end.send(opened, ...values)
      const channel = this.#accepted(id)
      this.#end.serve((serving) => {
        for (const value of values) serving.item(channel, this.#end.session.encode(value))
      })
    }

    #accepted(id: number): AcceptedChannel {
      const channel = this.#end.accepted.find((accepted) => accepted.id === id)
      if (!channel) throw new Error(`${id} was not accepted`)
      return channel
    }

    #settles(id: number, { value, error }: Step): void {
      const { outcomes } = this.#channel(id)
      const failed = { ok: false, failure: error }
      const expected = error ? failed : { ok: true, value: toValue(value ?? null) }
      expect(outcomes).toEqual([expected])
    }

    #channel(id: number): Opened {
      const opened = this.#opened.get(id)
      if (!opened) throw new Error(`${id} was not opened`)
      return opened
    }
  }

  /** What is no JSON, and slices of JSON, are its own. */
  const isOfAll = (steps: readonly Step[]) =>
    steps.every(({ hears = "[" }) => hears.startsWith("[") && !hears.includes("[15,"))

  describe.each(codecs)("on %s", (_, codec) => {
    const own = vectors.sessions.filter(({ steps }) => codec === jsonCodec || isOfAll(steps))
    it.each(own)("$role: $name", ({ role, steps }) => {
      const run = new Run(codec, role)
      for (const step of steps) run.step(step)
      run.rest(steps.some(({ closes }) => closes !== undefined))
    })
  })
})
