import { readFileSync } from "node:fs"
import { describe, expect, it } from "vitest"
import {
  type AcceptedChannel,
  type Frame,
  helloMessage,
  jsonCodec,
  type Kind,
  readAnswer,
  readControl,
  readHello,
  readSequenced,
  Unencodable,
  Violation,
} from "../src/index.js"
import { toValue, type ValueForm } from "./value-form.js"
import { itemsOf, type Opened, takeAll, takeUp, type Wired, wired } from "./wired.js"

function load(name: string) {
  const url = new URL(`../../../docs/vectors/${name}.vectors.json`, import.meta.url)
  return JSON.parse(readFileSync(url, "utf8"))
}

interface Named {
  readonly name: string
  readonly text: string
}

describe("values", () => {
  type WithValue = Named & { readonly value: ValueForm }
  const vectors: {
    readonly roundTrip: readonly WithValue[]
    readonly readOnly: readonly WithValue[]
    readonly refused: readonly Named[]
    readonly unsendable: readonly { readonly name: string; readonly value: ValueForm }[]
  } = load("values")

  /** A payload as it arrives: in a frame, in a message. */
  function read(text: string): unknown {
    const { value, revive } = jsonCodec.decode(`[1,0,[17,1,${text}]]`)
    const frame = readSequenced(Reflect.get(Object(value), "2"), revive)
    return frame?.[2]
  }

  for (const { name, text, value } of vectors.roundTrip) {
    it(`writes and reads ${name}`, () => {
      expect(jsonCodec.encode(toValue(value))).toBe(text)
      expect(read(text)).toStrictEqual(toValue(value))
    })
  }
  for (const { name, text, value } of vectors.readOnly) {
    it(`reads ${name}`, () => expect(read(text)).toStrictEqual(toValue(value)))
  }
  for (const { name, text } of vectors.refused) {
    it(`refuses ${name}`, () => expect(() => read(text)).toThrow(Violation))
  }
  for (const { name, value } of vectors.unsendable) {
    it(`does not send ${name}`, () =>
      expect(() => jsonCodec.encode(toValue(value))).toThrow(Unencodable))
  }
})

describe("frames", () => {
  interface FrameVectors {
    readonly kind: number
    readonly name: string
    readonly accept: readonly {
      readonly text: string
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
  type Reader = (text: string) => Frame | undefined

  const readNumbered: Reader = (text) => {
    const { value, revive } = jsonCodec.decode(text)
    return readSequenced(value, revive)
  }
  const readUnnumbered: Reader = (text) => {
    const { value, revive } = jsonCodec.decode(text)
    return readControl(value, revive)
  }

  function check({ kind, name, accept, refuse }: FrameVectors, read: Reader): void {
    for (const { text, fields, canonical = true } of accept) {
      it(`reads and writes ${name}: ${text.slice(0, 60)}`, () => {
        const values = fields.map(toValue)
        const [readKind, ...readFields] = read(text) ?? []
        expect(readKind).toBe(kind)
        expect(readFields.slice(0, values.length)).toStrictEqual(values)
        if (!canonical) return
        const encoded = values.map((value) => jsonCodec.encode(value))
        expect(jsonCodec.array([kind, ...encoded])).toBe(text)
      })
    }
    it.each(refuse)(`refuses ${name}: %.60s`, (text) => {
      expect(() => read(text)).toThrow(Violation)
    })
  }

  for (const vector of vectors.numbered) check(vector, readNumbered)
  for (const vector of vectors.control) check(vector, readUnnumbered)
  it.each(vectors.refusedWhereNumbered)("refuses $text where frames are numbered", ({ text }) => {
    expect(() => readNumbered(text)).toThrow(Violation)
  })
  it.each(vectors.refusedWhereControl)("refuses $text in a control message", ({ text }) => {
    expect(() => readUnnumbered(text)).toThrow(Violation)
  })
  it.each(vectors.ignored)("ignores $text", ({ text }) => {
    expect(readNumbered(text)).toBeUndefined()
    expect(readUnnumbered(text)).toBeUndefined()
  })
})

describe("handshake", () => {
  const vectors: {
    readonly hello: readonly Named[]
    readonly helloRefused: readonly Named[]
    readonly answer: readonly (Named & { readonly kind: number })[]
    readonly answerRefused: readonly Named[]
  } = load("handshake")

  it.each(vectors.hello)("takes HELLO: $name", ({ text }) => {
    const hello = readHello(jsonCodec, text)
    expect(hello).toEqual(JSON.parse(text)[2][1])
    if (hello) expect(helloMessage(jsonCodec, hello)).toBe(text)
  })
  it.each(vectors.helloRefused)("refuses HELLO: $name", ({ text }) => {
    expect(readHello(jsonCodec, text)).toBeUndefined()
  })
  it.each(vectors.answer)("takes $name", ({ text, kind }) => {
    expect(readAnswer(jsonCodec, text)).toEqual([kind, JSON.parse(text)[2][1]])
  })
  it.each(vectors.answerRefused)("refuses for an answer: $name", ({ text }) => {
    expect(readAnswer(jsonCodec, text)).toBeUndefined()
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
    readonly #line: Wired = wired({ servesNothing: true })
    readonly #end
    readonly #opened = new Map<number, Opened>()
    #said = 0

    constructor(role: "server" | "client") {
      this.#end = this.#line[role]
    }

    step(step: Step): void {
      const end = this.#end
      if (step.opens) this.#open(step.opens)
      if (step.hears !== undefined) end.hear(step.hears)
      if (step.cancels !== undefined) {
        const { channel } = this.#channel(step.cancels)
        end.step((session) => session.cancel(channel, "CANCELLED"))
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
        end.step((session) => session.finish(channel))
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

  it.each(vectors.sessions)("$role: $name", ({ role, steps }) => {
    const run = new Run(role)
    for (const step of steps) run.step(step)
    run.rest(steps.some(({ closes }) => closes !== undefined))
  })
})
