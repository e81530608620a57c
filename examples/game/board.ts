import { type Name, type Place, size, type World } from "./contract.js"

/** Pixels of the picture for a unit of the arena. */
const scale = 6
/** A player so near to its place, in units, is drawn there: then the picture rests. */
const near = 0.05

export const colours: Readonly<Record<Name, string>> = {
  Teal: "#14a394",
  Amber: "#e08a12",
  Rose: "#e0446d",
  Violet: "#8b5cf6",
}

/** Draws the world; what moves glides from one tick to the next. */
export class Board {
  own: Name | undefined
  #world: World = { tick: 0, players: [], coins: [] }
  readonly #context: CanvasRenderingContext2D | null
  /** Where players are drawn, a little behind where they are. */
  readonly #places = new Map<Name, Place>()
  #frame: number | undefined

  constructor(canvas: HTMLCanvasElement) {
    canvas.width = size.width * scale
    canvas.height = size.height * scale
    this.#context = canvas.getContext("2d")
  }

  show(world: World): void {
    this.#world = world
    this.#frame ??= requestAnimationFrame(this.#draw)
  }

  readonly #draw = (): void => {
    this.#frame = undefined
    const context = this.#context
    if (!context) return
    context.reset()
    context.scale(scale, scale)
    for (const coin of this.#world.coins) disc(context, coin, 1.4, "#eab308")
    for (const player of this.#world.players) {
      const place = this.#glide(player)
      context.globalAlpha = 0.25
      if (player.name === this.own) disc(context, place, 5.5, colours[player.name])
      context.globalAlpha = 1
      disc(context, place, 3.5, colours[player.name])
    }
  }

  #glide({ name, x, y }: Place & { readonly name: Name }): Place {
    const last = this.#places.get(name) ?? { x, y }
    const place = { x: last.x + (x - last.x) / 3, y: last.y + (y - last.y) / 3 }
    this.#places.set(name, place)
    if (Math.hypot(x - place.x, y - place.y) > near) this.show(this.#world)
    return place
  }
}

function disc(context: CanvasRenderingContext2D, { x, y }: Place, radius: number, colour: string) {
  context.fillStyle = colour
  context.beginPath()
  context.arc(x, y, radius, 0, 2 * Math.PI)
  context.fill()
}
