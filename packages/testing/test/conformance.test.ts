import type { BrokerStep } from "@trunkline/server"
import { type BrokerCase, type BrokerEngine, brokerCases } from "@trunkline/testing/conformance"
import { beforeAll, describe, expect, test } from "vitest"
import { type ModelBroker, ModelReader } from "./engine/model-broker.js"
import { ModelEngine } from "./engine/model-engine.js"
import { memoryEngine } from "./memory-engine.js"

describe("memoryBroker", () => {
  /** What cannot happen to the memory of one process. */
  const impossible = ["needs `rollBack`", "needs `lag`", "needs `disconnect`"]

  test.each(brokerCases)("$name", async ({ run }) => {
    const { outcome, error } = await run(memoryEngine)
    if (outcome === "left out") expect(impossible).toContain(error?.message)
    else expect(error).toBeUndefined()
  })
})

describe("an engine that several nodes share", () => {
  test.each(brokerCases)("$name", async ({ run }) => {
    expect(await run(() => new ModelEngine())).toEqual({
      name: expect.anything(),
      outcome: "passed",
    })
  })
})

/** The cases that a broker fails. */
async function failures(make: () => BrokerEngine): Promise<string[]> {
  const reports = await Promise.all(brokerCases.map((one: BrokerCase) => one.run(make)))
  return reports.filter(({ outcome }) => outcome === "failed").map(({ name }) => name)
}

type Flaw = readonly [what: string, plant: (engine: ModelEngine) => void, found: string]

/** Changes what the readers of an engine give. */
const given =
  (change: (steps: readonly BrokerStep[]) => readonly BrokerStep[]) => (engine: ModelEngine) => {
    eachReader(engine, (reader) => {
      const { take } = reader
      reader.take = (most) => change(take.call(reader, most))
    })
  }

function eachReader(engine: ModelEngine, change: (reader: ModelReader) => void): void {
  const { connect } = engine
  Object.assign(engine, {
    connect: () => {
      const broker = connect()
      const { open } = broker
      broker.open = async (topic, from) => {
        const reader = await open.call(broker, topic, from)
        if (reader instanceof ModelReader) change(reader)
        return reader
      }
      return broker
    },
  })
}

function eachBroker(engine: ModelEngine, change: (broker: ModelBroker) => void): void {
  const { connect } = engine
  Object.assign(engine, {
    connect: () => {
      const broker = connect()
      change(broker)
      return broker
    },
  })
}

/** Links entries as if nothing were missing between them. */
function relinked(steps: readonly BrokerStep[]): readonly BrokerStep[] {
  return steps.map((step, n) => {
    const before = steps[n - 1]
    return before && !("gap" in step) ? { ...step, prev: before.cursor } : step
  })
}

const flaws: readonly Flaw[] = [
  [
    "drops an entry of a burst",
    given((steps) => relinked(steps.filter((_, n) => n !== 1))),
    "makes nobody wait for a slow reader",
  ],
  [
    "repeats an entry",
    given((steps) => relinked(steps.flatMap((step, n) => (n === 1 ? [step, step] : [step])))),
    "continues after each of its cursors",
  ],
  [
    "swaps two entries",
    given((steps) => relinked([...steps.slice(1, 2), ...steps.slice(0, 1), ...steps.slice(2)])),
    "continues after each of its cursors",
  ],
  [
    "does not link its entries",
    given((steps) => steps.map((step) => ("gap" in step ? step : { ...step, prev: "x" }))),
    "brings what is published, in order and linked",
  ],
  [
    "does not look whether the cursor is still there",
    (engine) =>
      eachBroker(engine, (broker) => {
        const { open } = broker
        broker.open = async (topic, from) => {
          const reader = await open.call(broker, topic, from)
          return Object.assign(reader, reader.gap && { gap: false, start: from })
        }
      }),
    "tells of a gap where the log was trimmed",
  ],
  [
    "forgets the tag",
    (engine) => {
      const { cursorOf } = engine
      engine.cursorOf = (position) => cursorOf.call(engine, position, 0)
    },
    "tells of a gap where the end of the log was taken back",
  ],
  [
    "keeps its epoch when the log begins anew",
    (engine) => {
      engine.cursorOf = (position) => `e.${position}`
    },
    "tells of a gap where the log began anew",
  ],
  [
    "begins at the oldest entry",
    (engine) =>
      eachBroker(engine, (broker) => {
        const { open } = broker
        broker.open = (topic, from) =>
          open.call(broker, topic, from ?? broker.log(topic).base.cursor)
      }),
    "begins at the tip",
  ],
  [
    "has a position before the tip",
    (engine) =>
      eachBroker(engine, (broker) => {
        broker.position = async (topic) => broker.log(topic).base.cursor
      }),
    "tells a position that reading goes on from",
  ],
  [
    "appends again",
    (engine) => {
      engine.remembered = () => undefined
    },
    "appends once for each dedupeId of a topic",
  ],
  [
    "takes the dedupeId of one topic for that of another",
    (engine) => {
      const { append } = engine
      const ids = new Map<string, string>()
      engine.append = (topic, payload, id) => {
        const cursor = ids.get(id) ?? append.call(engine, topic, payload, id)
        ids.set(id, cursor)
        return cursor
      }
    },
    "appends once for each dedupeId of a topic",
  ],
  [
    "takes two names for one",
    (engine) => {
      engine.nameOf = (topic) => topic.replace(/\W/g, "_")
    },
    "keeps topics apart, whatever their names",
  ],
  [
    "says another cursor when it publishes",
    (engine) => {
      const { append } = engine
      engine.append = (...given) => `${append.apply(engine, given)}.`
    },
    "brings what is published, in order and linked",
  ],
  [
    "has cursors that no frame can carry",
    (engine) => {
      engine.cursorOf = (position, tag) => `${position}/${tag}`
    },
    "brings what is published, in order and linked",
  ],
  [
    "writes payloads anew",
    given((steps) =>
      steps.map((step) =>
        "gap" in step ? step : { ...step, payload: JSON.stringify(JSON.parse(step.payload)) },
      ),
    ),
    "hands payloads on as they are",
  ],
  [
    "reads as much as there is",
    (engine) =>
      eachReader(engine, (reader) => {
        const { take } = reader
        reader.take = () => take.call(reader, 1_000)
      }),
    "reads no more at a time than it is asked for",
  ],
  [
    "lets a read wait on after it was closed",
    (engine) =>
      eachReader(engine, (reader) => {
        reader.close = () => {}
      }),
    "lets a read wait until something comes, or it is closed",
  ],
  [
    "goes on after it was closed",
    (engine) =>
      eachBroker(engine, (broker) => {
        broker.demandOpen = () => {}
      }),
    "is over once it is closed",
  ],
  [
    "loses what came while its connection was broken",
    (engine) =>
      eachBroker(engine, (broker) => {
        broker.disconnect = () => {
          const { view } = broker
          broker.view = new Map()
          broker.view = view
          for (const reader of broker.readers) skip(reader, 1)
        }
      }),
    "loses nothing when its connection breaks",
  ],
  [
    "does not wait for an entry that it does not see yet",
    (engine) => {
      engine.isAhead = () => false
    },
    "waits for an entry that this node does not see yet",
  ],
  [
    "waits for ever for an entry that it does not see",
    (engine) => {
      engine.patience = () => new Promise(() => {})
    },
    "does not wait for ever for what it does not see",
  ],
  [
    "keeps whatever it gets",
    (engine) => {
      Object.assign(engine.bound, { entries: 100 })
      Object.assign(engine, { trim: () => {} })
    },
    "keeps no more than it says",
  ],
  [
    "has an order for each node",
    (engine) => {
      let brokers = 0
      eachBroker(engine, (broker) => {
        if (brokers++ === 0) return
        const { log } = broker
        broker.log = (topic) => {
          const copy = log.call(broker, topic).copy()
          copy.entries.sort((a, b) => a.payload.localeCompare(b.payload))
          return copy
        }
      })
    },
    "has one order for all nodes that publish at once",
  ],
]

/** From now on the reader links what follows the next entries as if they were not there. */
function skip(reader: ModelReader, entries: number): void {
  const { take } = reader
  let left = entries
  let linked: string | undefined
  reader.take = (most) => {
    const steps = take.call(reader, most).filter((step) => !("gap" in step))
    const [first] = steps
    if (left > 0 && first && !("gap" in first)) linked = first.prev
    const dropped = Math.min(left, steps.length)
    left -= dropped
    const rest = steps.slice(dropped)
    if (rest.length === 0) return []
    const prev = linked
    linked = undefined
    return rest.map((step, n) => (n === 0 && prev !== undefined ? { ...step, prev } : step))
  }
}

describe("finds a broker that", () => {
  /** All at once: most of the time they wait for what does not come. */
  const found = new Map<string, Promise<string[]>>()
  beforeAll(() => {
    for (const [what, plant] of flaws) {
      found.set(
        what,
        failures(() => {
          const engine = new ModelEngine()
          engine.patience = () => new Promise((resolve) => setTimeout(resolve, 500))
          plant(engine)
          return engine
        }),
      )
    }
  })

  test.each(flaws)("%s", async (what, _, where) => {
    expect(await found.get(what)).toContain(where)
  })
})
