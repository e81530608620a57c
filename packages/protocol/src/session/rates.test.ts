import { describe, expect, it } from "vitest"
import { type Wired, wired } from "../../test/wired.js"
import type { RateLimits } from "./rates.js"

/** Numbered frames, each in a message of its own. */
class Sender {
  readonly #line: Wired
  #next = 1

  constructor(line: Wired) {
    this.#line = line
  }

  send(...frames: readonly unknown[][]): void {
    this.#line.server.hear([this.#next, 0, ...frames])
    this.#next += frames.length
  }
}

const open = (id: number): unknown[] => [20, id, "a"]
const event = [24, "a"]

describe("over a rate the session ends, 4429", () => {
  it.each<[name: string, rates: RateLimits, send: (sender: Sender, round: number) => void]>([
    ["frames", { frames: 5 }, (sender) => sender.send(event)],
    ["opens", { opens: 5 }, (sender, round) => sender.send(open(2 * round + 1))],
    ["events", { events: 5 }, (sender) => sender.send(event)],
    ["cancels", { cancels: 5 }, (sender, round) => sender.send([19, 2 * round + 1])],
  ])("%s", (name, rates, send) => {
    const line = wired({ rates })
    const sender = new Sender(line)
    for (let round = 0; round < 10; round++) send(sender, round)
    expect(line.server.closed).toBeUndefined()
    send(sender, 10)
    expect(line.server.closed).toEqual({ code: 4429, reason: `more than 5 ${name} a second` })
    expect(line.server.over).toMatchObject({ why: "overflow" })
    // What came before has been applied, and what was too much has not.
    expect(line.server.session.applied).toBe(10)
  })

  it("pings, of which a correct client sends few", () => {
    const line = wired({ rates: { pings: 5 } })
    line.settle() // its first own ping
    for (let round = 0; round < 9; round++) line.server.hear([0, 0, [4, 1]])
    expect(line.server.closed).toBeUndefined()
    line.server.hear([0, 0, [4, 1]])
    expect(line.server.closed).toEqual({ code: 4429, reason: "more than 5 pings a second" })
  })

  it("bytes", () => {
    const line = wired({ rates: { bytes: 1_000 } })
    for (let round = 0; round < 19; round++) line.server.hear([0, 0, [64, "x".repeat(87)]])
    expect(line.server.closed).toBeUndefined()
    line.server.hear([0, 0, [64, "x".repeat(87)]])
    line.server.hear([0, 0, [64, "x".repeat(87)]])
    expect(line.server.closed).toEqual({ code: 4429, reason: "more than 1000 bytes a second" })
  })

  it("unless options say otherwise, for events, cancels and pings alone", () => {
    const line = wired({ rates: {} })
    const sender = new Sender(line)
    for (let round = 0; round < 20; round++) {
      sender.send(...Array.from({ length: 100 }, () => event))
      sender.send(...Array.from({ length: 100 }, (_, index) => open(200 * round + 2 * index + 1)))
    }
    expect(line.server.closed).toBeUndefined()
    sender.send(event)
    expect(line.server.closed?.reason).toBe("more than 1000 events a second")
  })
})

it("what comes at the rate is let through for ever", () => {
  const line = wired({ rates: { opens: 5, frames: 5 } })
  const sender = new Sender(line)
  for (let round = 0; round < 1_000; round++) {
    sender.send(open(2 * round + 1))
    line.sleep(200)
  }
  expect(line.server.closed).toBeUndefined()
})

it("a channel that is cancelled within a second counts twice", () => {
  const quick = wired({ rates: { cancels: 5 } })
  const sender = new Sender(quick)
  for (let id = 1; id < 11; id += 2) sender.send(open(id), [19, id])
  expect(quick.server.closed).toBeUndefined()
  sender.send(open(11), [19, 11])
  expect(quick.server.closed?.reason).toBe("more than 5 cancels a second")

  const patient = wired({ rates: { cancels: 5 } })
  const other = new Sender(patient)
  for (let id = 1; id < 21; id += 2) other.send(open(id))
  patient.sleep(1_000)
  for (let id = 1; id < 21; id += 2) other.send([19, id])
  expect(patient.server.closed).toBeUndefined()
})

it("what is sent again after a resume does not count again", () => {
  const line = wired({ rates: { frames: 5 } })
  for (let round = 0; round < 8; round++) line.client.open("a")
  line.flush()
  line.arrive(line.client)
  // The acknowledgement is lost: all eight go once more, with the ping of the new socket.
  line.cut()
  line.join()
  line.settle()
  expect(line.server.closed).toBeUndefined()
  expect(line.server.accepted).toHaveLength(8)
})
