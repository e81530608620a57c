import { type Direction, type Name, names, type Place, size, type World } from "./contract.js"

/** Units that a player goes in a tick. */
const pace = 2
/** A coin this near is taken. */
const reach = 5
const coinCount = 12

export interface Player extends Place {
  readonly name: Name
  direction: Direction
  coins: number
}

/** The world: what is true is decided here, and pages are told of it. */
export class Arena {
  #tick = 0
  readonly #players = new Set<Player>()
  readonly #coins: Place[]
  readonly #random: () => number

  constructor(random: () => number = Math.random) {
    this.#random = random
    this.#coins = Array.from({ length: coinCount }, () => this.#somewhere())
  }

  /** Undefined when it is full. */
  enter(): Player | undefined {
    const taken = new Set(Array.from(this.#players, ({ name }) => name))
    const name = names.find((name) => !taken.has(name))
    if (!name) return undefined
    const player = { ...this.#somewhere(), name, direction: { x: 0, y: 0 }, coins: 0 }
    this.#players.add(player)
    return player
  }

  leave(player: Player): void {
    this.#players.delete(player)
  }

  step(): void {
    this.#tick++
    for (const player of this.#players) {
      player.x = within(player.x + player.direction.x * pace, size.width)
      player.y = within(player.y + player.direction.y * pace, size.height)
      this.#take(player)
    }
  }

  get world(): World {
    const players = Array.from(this.#players, ({ name, x, y, coins }) => ({ name, x, y, coins }))
    return { tick: this.#tick, players, coins: this.#coins }
  }

  #take(player: Player): void {
    for (const [index, coin] of this.#coins.entries()) {
      if (Math.hypot(coin.x - player.x, coin.y - player.y) > reach) continue
      player.coins++
      this.#coins[index] = this.#somewhere()
    }
  }

  #somewhere(): Place {
    return { x: this.#upTo(size.width), y: this.#upTo(size.height) }
  }

  #upTo(most: number): number {
    return within(Math.floor(this.#random() * most), most)
  }
}

/** Nobody gets out, not even by half. */
function within(place: number, most: number): number {
  return Math.max(4, Math.min(most - 4, place))
}
