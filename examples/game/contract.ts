import { call, contract, event, subscription } from "@trunkline/contract"
import * as z from "zod"

/** The arena, in units. */
export const size = { width: 160, height: 90 }

/** So many may play. */
export const names = ["Teal", "Amber", "Rose", "Violet"] as const

const Name = z.enum(names)
const Place = z.object({ x: z.number(), y: z.number() })
const Player = Place.extend({ name: Name, coins: z.int() })
const World = z.object({ tick: z.int(), players: z.array(Player), coins: z.array(Place) })
const Direction = z.object({ x: z.int().min(-1).max(1), y: z.int().min(-1).max(1) })

export type Name = z.output<typeof Name>
export type Place = z.output<typeof Place>
export type World = z.output<typeof World>
export type Direction = z.output<typeof Direction>

export const game = contract({
  /** Comes into the arena, and stays as long as the session lives. */
  join: call({ output: Name, errors: { FULL: null } }),
  /** The world as the server has it, 30 times a second. Only the newest is of use. */
  world: subscription({ item: World, delivery: "latest", restart: "fresh" }),
  /** Where I want to go from now on. */
  steer: event({ input: Direction }),
})
