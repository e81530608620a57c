import { call, contract, event, subscription } from "@trunkline/contract"
import * as z from "zod"

export const rooms = ["Lobby", "Garden", "Kitchen"] as const

const Room = z.object({ room: z.enum(rooms) })
const Message = z.object({ from: z.string(), text: z.string(), at: z.date() })
const Person = z.object({ name: z.string(), typing: z.boolean() })

export type Message = z.output<typeof Message>
export type Person = z.output<typeof Person>

export const chat = contract({
  /** What was said in a room so far, and then each message as it comes. */
  messages: subscription({ input: Room, item: Message, replay: "topic", state: z.array(Message) }),
  /** Says something: once, however often the line is cut meanwhile. */
  say: call({
    input: Room.extend({ text: z.string().trim().min(1).max(1_000) }),
    idempotency: "key",
  }),
  /** Who is in a room. Whoever reads this is. */
  people: subscription({
    input: Room,
    item: z.array(Person),
    delivery: "latest",
    restart: "fresh",
  }),
  /** I am typing. */
  typing: event({ input: Room }),
})
