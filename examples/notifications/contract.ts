import { call, contract, subscription } from "@trunkline/contract"
import * as z from "zod"

export const users = ["ada", "grace", "alan"] as const

export const User = z.object({ user: z.enum(users) })
export const Notice = z.object({ id: z.string(), text: z.string(), at: z.number() })

/** What happens to what somebody has not read. */
const Change = z.discriminatedUnion("type", [
  z.object({ type: z.literal("new"), notice: Notice }),
  z.object({ type: z.literal("read"), id: z.string() }),
])

export type User = z.output<typeof User>
export type Notice = z.output<typeof Notice>
export type Change = z.output<typeof Change>

export const inbox = contract({
  /** All that a user has not read, and then each change of it, wherever it was made. */
  unread: subscription({
    input: User,
    item: Change,
    replay: "topic",
    state: z.array(Notice),
  }),
  /** One has been read: it is so on every device. */
  read: call({ input: z.object({ id: z.string() }), idempotency: "idempotent" }),
  /** Sends one to somebody, once. */
  notify: call({
    input: User.extend({ text: z.string().trim().min(1).max(200) }),
    idempotency: "key",
  }),
})

/** What a change makes of the unread ones: the same at the server and on each device. */
export function changed(unread: readonly Notice[], change: Change): Notice[] {
  if (change.type === "read") return unread.filter(({ id }) => id !== change.id)
  return [...unread, change.notice].slice(-mostUnread)
}

/** Of more, the oldest go. */
const mostUnread = 100
