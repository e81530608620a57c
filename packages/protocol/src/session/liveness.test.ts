import { describe, expect, it } from "vitest"
import { jsonCodec } from "../codec/codec-json.js"
import { Outbox } from "../flow/outbox.js"
import { Context } from "./context.js"
import { Liveness } from "./liveness.js"

function liveness(role: "client" | "server", random = 0) {
  const context = new Context(jsonCodec, () => random)
  const outbox = new Outbox()
  const it = new Liveness(role, context, outbox)
  it.begin(20_000)
  return { it, context, outbox }
}

describe("Liveness", () => {
  it("hurries while something waits for its acknowledgement", () => {
    const { it: line, context, outbox } = liveness("client")
    expect(line.deadline).toBe(41_000)
    outbox.add("[24]")
    context.now = 1_000
    line.sent()
    expect(line.deadline).toBe(6_000)
    context.now = 2_000
    line.sent()
    expect(line.deadline).toBe(6_000)
    outbox.add("[24]")
    outbox.acknowledge(1)
    line.acknowledged()
    expect(line.deadline).toBe(7_000)
    outbox.acknowledge(2)
    line.acknowledged()
    expect(line.deadline).toBe(41_000)
    line.sent()
    expect(line.deadline).toBe(41_000)
  })

  it("measures the last ping that was answered", () => {
    const { it: line, context } = liveness("client")
    line.ping()
    context.now = 10
    const second = line.ping()
    context.now = 35
    line.pong(second - 1)
    expect(line.roundTrip).toBeUndefined()
    line.pong(second)
    expect(line.roundTrip).toBe(25)
  })

  it("asks until its last ping is answered, whatever else it hears, or has another socket", () => {
    const { it: line } = liveness("client")
    expect(line.asking).toBe(false)
    const number = line.ping()
    line.heard()
    expect(line.asking).toBe(true)
    line.pong(number)
    expect(line.asking).toBe(false)
    line.ping()
    line.begin(20_000)
    expect(line.asking).toBe(false)
  })

  it("measures with the traffic, at a client", () => {
    const { it: line, context } = liveness("client")
    line.ping()
    context.now = 4_999
    expect(line.measureDue).toBe(false)
    context.now = 5_000
    expect(line.measureDue).toBe(true)
    expect(liveness("server").it.measureDue).toBe(false)
  })

  it("of a server begins at a random point of its interval", () => {
    expect(liveness("server", 0.5).it.deadline).toBe(10_000)
    expect(liveness("client", 0.5).it.deadline).toBe(41_000)
  })
})
