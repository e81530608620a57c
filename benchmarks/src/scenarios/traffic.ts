import type { Pair } from "../pair.js"
import type { Traffic } from "../replies.js"
import type { Scenario } from "../scenario.js"
import { nameUnits } from "../workload.js"

const bytes = (title: string) => ({ title, unit: "B", ratio: false, digits: 1 })

/** Bytes on the server's sockets: WebSocket framing and acknowledgements in them, TCP's own not. */
export const traffic: Scenario = {
  title: "bytes on the wire",
  figures: {
    up: bytes("lone call, up"),
    down: bytes("down"),
    pipelinedUp: bytes("call of 100, up"),
    pipelinedDown: bytes("down"),
    event: bytes("lone event, down"),
    eventUp: bytes("up"),
    item: bytes("stream's item, down"),
    itemUp: bytes("up"),
  },
  fresh: true,
  async prepare(pair) {
    await pair.connect(1)
    await pair.watch(0, 1)
    await pair.client.calls(1, { operations: 10, milliseconds: 1_000 })
  },
  async measure(pair, { counted }) {
    const forever = 60_000
    const once = { operations: counted, milliseconds: forever }
    const call = await per(pair, counted, () => pair.client.calls(1, once))
    const pipelined = await per(pair, counted, () =>
      pair.client.calls(Math.min(100, counted), once),
    )
    const event = await per(pair, counted, async () => {
      for (let total = 1; total <= counted; total++) {
        await Promise.all([pair.server.publish(1), pair.client.heard(total)])
      }
    })
    const item = await per(pair, counted, () =>
      pair.client.streams(counted, nameUnits, { operations: 1, milliseconds: forever }),
    )
    return {
      up: call.up,
      down: call.down,
      pipelinedUp: pipelined.up,
      pipelinedDown: pipelined.down,
      event: event.down,
      eventUp: event.up,
      item: item.down,
      itemUp: item.up,
    }
  },
}

async function per(pair: Pair, count: number, work: () => Promise<unknown>): Promise<Traffic> {
  const before = await pair.server.traffic()
  await work()
  const after = await pair.server.traffic()
  return { up: (after.up - before.up) / count, down: (after.down - before.down) / count }
}
