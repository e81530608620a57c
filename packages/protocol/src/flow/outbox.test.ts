import { describe, expect, it } from "vitest"
import { frameOf, Opening, Outbox } from "./outbox.js"

describe("Outbox", () => {
  it("numbers from 1, and keeps until it is acknowledged", () => {
    const outbox = new Outbox()
    for (const frame of ["[1]", "[22]", "[333]"]) outbox.add(frame)
    expect([outbox.sent, outbox.acknowledged, outbox.units]).toEqual([3, 0, 12])
    outbox.acknowledge(2)
    expect([outbox.acknowledged, outbox.units, outbox.idle]).toEqual([2, 5, false])
    expect([...outbox]).toEqual(["[333]"])
    expect([outbox.at(2), outbox.at(3), outbox.at(4)]).toEqual([undefined, "[333]", undefined])
    outbox.acknowledge(1)
    expect(outbox.acknowledged).toBe(2)
    outbox.acknowledge(99)
    expect([outbox.acknowledged, outbox.idle, outbox.units]).toEqual([3, true, 0])
  })

  it("knows how much the other side may have applied", () => {
    const outbox = new Outbox()
    for (const frame of ["a", "b", "c"]) outbox.add(frame)
    outbox.acknowledge(1)
    expect([0, 1, 2, 3, 4].map((number) => outbox.covers(number))).toEqual([
      false,
      true,
      true,
      true,
      false,
    ])
  })

  it("tells whoever opened a channel the number of its last part", () => {
    const numbers: number[] = []
    const opener = {
      id: 1,
      gone: false,
      opened: (number: number) => void numbers.push(number),
      replaced: () => {},
    }
    const outbox = new Outbox()
    outbox.add(new Opening("part", opener, false))
    expect(numbers).toEqual([])
    outbox.add(new Opening("last", opener, true))
    expect(numbers).toEqual([2])
    expect([...outbox].map(frameOf)).toEqual(["part", "last"])
  })
})
