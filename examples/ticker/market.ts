import { count, symbols } from "./contract.js"

/** Instruments in a row of the map. */
const columns = 125
/** A price so far from where it began, in parts of it, has its colour in full. */
const far = 0.12

const indexes = new Map(symbols.map((symbol, index) => [symbol, index]))

/** What one device knows of the market, and its picture: a point for each instrument. */
export class Market {
  received = 0
  leftOut = 0
  readonly #prices = new Float64Array(count)
  /** Those that have changed since all were asked for: these are newer. */
  readonly #changed = new Set<number>()
  readonly #context: CanvasRenderingContext2D | null
  readonly #image = new ImageData(columns, count / columns)
  #drawn = false

  constructor(canvas: HTMLCanvasElement) {
    canvas.width = columns
    canvas.height = count / columns
    this.#context = canvas.getContext("2d")
  }

  load(prices: readonly number[]): void {
    for (const [index, price] of prices.entries()) {
      if (!this.#changed.has(index)) this.#put(index, price)
    }
    this.#changed.clear()
  }

  change(symbol: string, price: number): void {
    const index = indexes.get(symbol)
    if (index === undefined) return
    this.received++
    this.#changed.add(index)
    this.#put(index, price)
  }

  draw(): void {
    if (!this.#drawn) this.#context?.putImageData(this.#image, 0, 0)
    this.#drawn = true
  }

  /** Instruments of which both know the same price. */
  sameAs(other: Market): number {
    return this.#prices.reduce((same, price, at) => same + Number(price === other.#prices[at]), 0)
  }

  /** Those that are farthest from where they began, upwards. */
  largest(most: number): readonly { readonly symbol: string; readonly price: number }[] {
    const all = Array.from(this.#prices, (price, index) => ({
      symbol: symbols[index] ?? "",
      price,
    }))
    return all.sort((a, b) => b.price - a.price).slice(0, most)
  }

  /** Blue where it fell, orange where it rose, and less of it the nearer it is. */
  #put(index: number, price: number): void {
    this.#prices[index] = price
    const move = Math.max(-1, Math.min(1, (price - 100) / 100 / far))
    const colour = move < 0 ? [37, 99, 235] : [234, 118, 20]
    this.#image.data.set([...colour, 255 * Math.abs(move)], index * 4)
    this.#drawn = false
  }
}
