/* What a topic takes and gives, as types alone. */
import { contract, subscription } from "@trunkline/contract"
import { expectTypeOf } from "vitest"
import * as z from "zod"
import { type Broker, implement, scope, topic } from "./index.js"

const Room = z.object({ room: z.string() })
const api = contract({
  samples: subscription({ item: z.number() }),
  talk: subscription({ input: Room, item: z.string() }),
  alerts: subscription({ item: z.string().transform(Number), replay: "topic" }),
  rooms: subscription({ input: Room, item: z.string(), replay: "topic" }),
  board: subscription({ item: z.number(), replay: "topic", state: z.array(z.number()) }),
})
declare const broker: Broker
const key = ({ room }: { room: string }) => room

/* Within a process. */
const samples = topic(api.samples)
expectTypeOf(samples.publish).toEqualTypeOf<(item: number) => Promise<void>>()
const talk = topic(api.talk, { key: (input) => input.room })
expectTypeOf(talk.publish).parameters.toEqualTypeOf<[input: { room: string }, item: string]>()
// @ts-expect-error: an input needs a key
topic(api.talk)

/* Through a broker. */
const shared = topic(api.samples, { broker })
expectTypeOf(shared.publish).toEqualTypeOf<(item: number) => Promise<string>>()
const alerts = topic(api.alerts, { broker, name: "alerts" })
expectTypeOf(alerts.publish).parameters.toEqualTypeOf<[item: string]>()
expectTypeOf(alerts.position).toEqualTypeOf<() => Promise<string>>()
const rooms = topic(api.rooms, { broker, key: (input) => input.room })
expectTypeOf(rooms.position).toEqualTypeOf<(input: { room: string }) => Promise<string>>()
// @ts-expect-error: what replays needs a broker
topic(api.alerts)
// @ts-expect-error: what replays needs a broker
topic(api.rooms, { key })
// @ts-expect-error: an input needs a key
topic(api.rooms, { broker })
// @ts-expect-error: nothing that a key could be made of
topic(api.alerts, { broker, key })

/* With a state. */
const board = topic(api.board, { broker, snapshot: async () => ({ state: [1], cursor: "c" }) })
topic(api.board, { broker, snapshot: { atLeastOnce: () => [1] } })
// @ts-expect-error: a state needs a snapshot
topic(api.board, { broker })
// @ts-expect-error: a state of another type
topic(api.board, { broker, snapshot: () => ({ state: ["1"], cursor: "c" }) })
// @ts-expect-error: a state without its cursor
topic(api.board, { broker, snapshot: () => ({ state: [1] }) })
// @ts-expect-error: there is no state
topic(api.alerts, { broker, snapshot: () => ({ state: undefined, cursor: "c" }) })

/* As handlers. */
implement(api, { samples, talk, alerts, rooms, board })
implement(api, { samples: shared, talk, alerts, rooms, board })
const app = scope<{ user?: string }>()
app.implement(api, { samples, talk, alerts: app.use(({ next }) => next())(alerts), rooms, board })
// @ts-expect-error: a topic of other items
implement(api, { samples, talk, alerts: rooms, rooms, board })
