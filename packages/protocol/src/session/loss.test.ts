import { describe, expect, it } from "vitest"
import { jsonCodec } from "../codec/codec-json.js"
import { Lane } from "../flow/lane.js"
import { Opening, Outbox } from "../flow/outbox.js"
import { SendBudget } from "../flow/send-budget.js"
import { reissues } from "../limits.js"
import { type Kind, OpenedChannel } from "./channel.js"
import { Doubt } from "./doubt.js"
import { fateOf, type Loss } from "./loss.js"

interface Past {
  readonly kind?: Kind
  /** The number of its OPEN, whole; 0: only parts of it were sent. */
  readonly number?: number
  readonly numbered?: boolean
  readonly reissues?: number
  readonly doubt?: boolean
}

function channel({ kind = "call", number = 3, numbered = true, ...past }: Past = {}) {
  const opened = new OpenedChannel(
    {
      path: "p",
      input: undefined,
      kind,
      deadline: Number.POSITIVE_INFINITY,
      tellDeadline: false,
      from: undefined,
    },
    { settled: () => {} },
  )
  opened.id = numbered ? 5 : 0
  opened.number = numbered ? number : 0
  opened.reissues = past.reissues ?? 0
  if (past.doubt) opened.doubt = new Doubt(1, undefined)
  return opened
}

const loss = (over: Partial<Loss> = {}): Loss => ({
  rx: undefined,
  subjectChanged: false,
  why: undefined,
  ...over,
})

const empty = new Outbox()
const unknown = { code: "OUTCOME_UNKNOWN", executed: "unknown" }

describe("another principal", () => {
  const another = loss({ subjectChanged: true, rx: 0, why: "protocol" })

  it("never has what this one asked for", () => {
    expect(fateOf(channel({ numbered: false }), another, empty)).toEqual({
      code: "CANCELLED",
      executed: "no",
    })
    expect(fateOf(channel(), another, empty)).toEqual(unknown)
    expect(fateOf(channel({ kind: "subscription" }), another, empty)).toEqual({
      code: "PRINCIPAL_CHANGED",
      executed: "unknown",
    })
  })
})

describe("another principal, and a channel that waits to be issued again", () => {
  const another = loss({ subjectChanged: true })

  it("is told that nobody knows where an earlier attempt may have run", () => {
    expect(fateOf(channel({ numbered: false, doubt: true }), another, empty)).toEqual(unknown)
    const stream = channel({ numbered: false, doubt: true, kind: "subscription" })
    expect(fateOf(stream, another, empty)).toMatchObject({ code: "PRINCIPAL_CHANGED" })
  })
})

describe("what was never numbered", () => {
  it("is kept, whatever happened", () => {
    for (const over of [{}, { rx: 0 }, { why: "protocol", rx: 0 }] as const) {
      const waiting = channel({ numbered: false, reissues: reissues + 1 })
      expect(fateOf(waiting, loss(over), empty)).toBe("keep")
    }
  })
})

describe("the poison rule", () => {
  function poisoned(part: boolean) {
    const poison = channel({ number: part ? 0 : 2 })
    const outbox = new Outbox()
    outbox.add("[24]")
    outbox.add(new Opening("[20]", poison, !part))
    if (!part) poison.number = 2
    return { poison, outbox }
  }

  it("holds for the frame that the server stumbled over, whole or in parts", () => {
    for (const part of [false, true]) {
      const { poison, outbox } = poisoned(part)
      expect(fateOf(poison, loss({ why: "protocol", rx: 1 }), outbox)).toEqual({
        code: "PROTOCOL",
        executed: "no",
      })
    }
  })

  it("holds for no other frame, without a breach, or without proof", () => {
    const { poison, outbox } = poisoned(false)
    expect(fateOf(poison, loss({ rx: 1 }), outbox)).toBe("anew")
    expect(fateOf(poison, loss({ why: "protocol" }), outbox)).toBe("doubt")
    expect(fateOf(poison, loss({ why: "protocol", rx: 0 }), outbox)).toBe("anew")
    expect(fateOf(channel(), loss({ why: "protocol", rx: 1 }), outbox)).toBe("anew")
  })
})

describe("what was numbered", () => {
  it("is issued anew where it is proven not to have arrived", () => {
    expect(fateOf(channel({ number: 3 }), loss({ rx: 2 }), empty)).toBe("anew")
    expect(fateOf(channel({ number: 0 }), loss({ rx: 9 }), empty)).toBe("anew")
  })

  it("is in doubt where it may have arrived", () => {
    expect(fateOf(channel({ number: 3 }), loss({ rx: 3 }), empty)).toBe("doubt")
    expect(fateOf(channel({ number: 3 }), loss(), empty)).toBe("doubt")
    expect(fateOf(channel({ number: 0 }), loss(), empty)).toBe("doubt")
  })

  it("is given up after so many times, honestly", () => {
    const used = { reissues }
    expect(fateOf(channel(used), loss({ rx: 2 }), empty)).toEqual({
      code: "UNAVAILABLE",
      executed: "no",
    })
    expect(fateOf(channel({ ...used, doubt: true }), loss({ rx: 2 }), empty)).toEqual(unknown)
    expect(fateOf(channel(used), loss({ rx: 3 }), empty)).toEqual(unknown)
    expect(fateOf(channel({ reissues: reissues - 1 }), loss({ rx: 2 }), empty)).toBe("anew")
  })
})

describe("an upload or a duplex", () => {
  const lost = { code: "STREAM_LOST", executed: "unknown" }

  function sending(kind: "upload" | "duplex", past: Past, credited: boolean) {
    const opened = channel({ ...past, kind })
    const revived = () => {}
    const budget = new SendBudget()
    const options = { codec: jsonCodec, window: 0, credit: undefined, budget, revived }
    opened.lane = new Lane(opened, { ...options, lossy: undefined })
    if (credited) opened.lane.credit(4)
    return opened
  }

  it("is not issued again once it may have begun: what it sent is gone", () => {
    for (const kind of ["upload", "duplex"] as const) {
      expect(fateOf(sending(kind, {}, false), loss({ rx: 3 }), empty)).toEqual(lost)
      expect(fateOf(sending(kind, {}, false), loss(), empty)).toEqual(lost)
      expect(fateOf(sending(kind, { doubt: true }, false), loss({ rx: 2 }), empty)).toEqual(lost)
      expect(fateOf(sending(kind, {}, true), loss({ rx: 2 }), empty)).toEqual(lost)
    }
  })

  it("is, where it is proven that it has not", () => {
    expect(fateOf(sending("upload", {}, false), loss({ rx: 2 }), empty)).toBe("anew")
    expect(fateOf(sending("duplex", { numbered: false }, false), loss(), empty)).toBe("keep")
  })
})
