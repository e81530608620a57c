import { Duplex } from "node:stream"
import { setTimeout } from "node:timers/promises"

/** How a line is: `slow` as with a phone at the edge of its cell, `off` as in a tunnel. */
type Condition = "good" | "slow" | "off"

/** Undefined for what is none. */
export function conditionOf(text: string | undefined): Condition | undefined {
  return text === "good" || text === "slow" || text === "off" ? text : undefined
}

/** Bytes that a slow line carries to its page in a millisecond, and how many at a time. */
const slow = { rate: 96, piece: 2_048 }
/** Pages that are remembered. Of more, those that were changed first are good again. */
const most = 1_000

/** The lines of all pages. Each page names its own, so that one can be cut and the others are not. */
export class Lines {
  readonly #conditions = new Map<string, Condition>()
  readonly #wires = new Set<Wire>()

  change(line: string, condition: Condition): void {
    this.#conditions.delete(line)
    if (condition !== "good") this.#conditions.set(line, condition)
    for (const oldest of this.#conditions.keys()) {
      if (this.#conditions.size > most) this.#conditions.delete(oldest)
    }
    // No close frame, as when a phone drives into a tunnel; the page notices, as it is on this machine.
    if (condition === "off") {
      for (const wire of this.#wires) if (wire.line === line) wire.destroy()
    }
  }

  /** The socket as its line lets it be; undefined when it is off, and then the socket is gone. */
  carry(line: string, socket: Duplex): Duplex | undefined {
    const condition = (): Condition => this.#conditions.get(line) ?? "good"
    if (condition() === "off") return void socket.destroy()
    const wire = new Wire(line, socket, condition)
    this.#wires.add(wire)
    return wire.once("close", () => this.#wires.delete(wire))
  }
}

/** A socket whose bytes all pass through our hands. */
class Wire extends Duplex {
  readonly line: string
  readonly #socket: Duplex
  readonly #condition: () => Condition

  constructor(line: string, socket: Duplex, condition: () => Condition) {
    super()
    this.line = line
    this.#socket = socket
    this.#condition = condition
    socket.on("data", (bytes) => this.push(bytes) || socket.pause())
    socket.once("end", () => this.push(null))
    socket.on("error", () => this.destroy())
    socket.once("close", () => this.destroy())
  }

  override _read(): void {
    this.#socket.resume()
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#condition() === "good") this.#socket.write(bytes, done)
    else void this.#writeSlowly(bytes).then(() => done())
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }

  async #writeSlowly(bytes: Buffer): Promise<void> {
    for (let at = 0; at < bytes.length; at += slow.piece) {
      const piece = bytes.subarray(at, at + slow.piece)
      await setTimeout(piece.length / slow.rate)
      if (this.destroyed) return
      this.#socket.write(piece)
    }
  }
}
