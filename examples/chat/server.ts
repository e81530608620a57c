import { on } from "node:events"
import { memoryBroker, RpcError, type Server, scope, serve, topic } from "@trunkline/server"
import { chat, type rooms as names } from "./contract.js"
import { Room } from "./room.js"

type Name = (typeof names)[number]

const messages = topic(chat.messages, {
  broker: memoryBroker(),
  key: ({ room }) => room, // each room is a log of its own
  snapshot: ({ room }) => rooms[room].history,
})

const rooms: Readonly<Record<Name, Room>> = {
  Lobby: new Room(await messages.position({ room: "Lobby" })),
  Garden: new Room(await messages.position({ room: "Garden" })),
  Kitchen: new Room(await messages.position({ room: "Kitchen" })),
}

const router = scope<{ name: string }>().implement(chat, {
  messages,

  say: async ({ input: { room, text }, context: { name }, session }) => {
    const message = { from: name, text, at: new Date() }
    rooms[room].said(message, await messages.publish({ room }, message))
    rooms[room].typing(session, false)
  },

  people: async function* ({ input, context, session, signal }) {
    const room = rooms[input.room]
    const changes = on(room, "people", { signal })
    const leave = room.enter(context.name, session) // which is the first change
    try {
      for await (const [people] of changes) yield people
    } finally {
      leave()
    }
  },

  typing: ({ input, session }) => rooms[input.room].typing(session, true),
})

export const server: Server = serve(router, {
  // Whoever gives a name is believed: a real chat would check a token here.
  authenticate: ({ token: name }) => {
    if (!name) throw new RpcError("FORBIDDEN", { message: "a name is needed" })
    return { principal: name, context: { name } }
  },
  // Somebody whose line was cut is here for so long; then the page comes back as a new session.
  session: { grace: 30_000 },
})
