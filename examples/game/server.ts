import { implement, type Server, type SessionInfo, serve, topic } from "@trunkline/server"
import { Arena, type Player } from "./arena.js"
import { game } from "./contract.js"

const arena = new Arena()
const players = new Map<SessionInfo, Player>()

// Written once a tick for all who watch. Who cannot take each gets the newest.
const world = topic(game.world)

setInterval(() => {
  if (world.readers === 0) return
  arena.step()
  void world.publish(arena.world)
}, 1_000 / 30)

/** For as long as the session lives. Undefined when it is full. */
function enter(session: SessionInfo): Player | undefined {
  const player = arena.enter()
  if (!player) return undefined
  players.set(session, player)
  session.signal.addEventListener("abort", () => {
    players.delete(session)
    arena.leave(player)
  })
  return player
}

const router = implement(game, {
  join: ({ session, errors }) => {
    const player = players.get(session) ?? enter(session)
    if (!player) throw errors.FULL()
    return player.name
  },
  world,
  steer: ({ input, session }) => {
    const player = players.get(session)
    if (player) player.direction = input
  },
})

export const server: Server = serve(router, {
  // Whose line is cut keeps their place for so long; then somebody else may have it.
  session: { grace: 10_000 },
})
