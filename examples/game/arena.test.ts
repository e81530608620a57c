import { expect, it } from "vitest"
import { Arena } from "./arena.js"
import { names, size } from "./contract.js"

it("moves a player as it steers, up to the edge", () => {
  const arena = new Arena(() => 0)
  const player = arena.enter()
  if (!player) throw new Error("full")
  player.direction = { x: 1, y: 0 }
  const { x, y } = player
  arena.step()
  expect(player.x).toBeGreaterThan(x)
  expect(player.y).toBe(y)
  for (let tick = 0; tick < 200; tick++) arena.step()
  expect(player.x).toBeLessThan(size.width)
  expect(arena.world).toMatchObject({ tick: 201, players: [{ name: "Teal", x: player.x }] })
})

it("gives a coin to who comes near, and puts another elsewhere", () => {
  let place = 0.1
  const arena = new Arena(() => place)
  const player = arena.enter()
  place = 0.9
  arena.step()
  expect(player?.coins).toBe(arena.world.coins.length)
  arena.step()
  expect(player?.coins).toBe(arena.world.coins.length)
})

it("has a place for each name, and gives a free one to who comes next", () => {
  const arena = new Arena()
  const players = names.map(() => arena.enter())
  expect(players.map((player) => player?.name)).toEqual(names)
  expect(arena.enter()).toBeUndefined()
  if (players[1]) arena.leave(players[1])
  expect(arena.enter()?.name).toBe(names[1])
})
