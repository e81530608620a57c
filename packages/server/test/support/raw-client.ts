import { once } from "node:events"
import { WebSocket } from "ws"

/** How a socket ended. */
export interface Closing {
  readonly code: number
  readonly reason: string
}

/** A frame as it stands on the wire. */
export type RawFrame = readonly unknown[]

export const protocols: readonly string[] = ["trunkline.v1.json", "trunkline.reject"]

/** What a client of another make might send; the tests change it as they need. */
export const helloBody = {
  caps: [],
  client: "raw",
  instance: "raw-instance",
  limits: { window: 262_144, calls: 256, streams: 1_024, messageBytes: 1_048_576 },
}

/** A WebSocket without any of our code behind it: it sends what it is told and shows what comes back. */
export class RawClient {
  readonly socket: WebSocket
  /** Frames with their numbers, as far as nobody has taken them. */
  readonly #frames: RawFrame[] = []
  #arrived: () => void = () => {}
  readonly closed: Promise<Closing>
  #isClosed = false

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on("message", (data) => {
      const [, , ...frames] = JSON.parse(String(data))
      this.#frames.push(...frames)
      this.#arrived()
    })
    socket.on("error", () => {})
    this.closed = new Promise((resolve) => {
      socket.on("close", (code, reason) => {
        this.#isClosed = true
        resolve({ code, reason: String(reason) })
        this.#arrived()
      })
    })
  }

  static async open(
    url: string,
    options: { protocols?: readonly string[]; origin?: string } = {},
  ): Promise<RawClient> {
    const socket = new WebSocket(url, [...(options.protocols ?? protocols)], {
      ...(options.origin !== undefined && { origin: options.origin }),
    })
    const client = new RawClient(socket)
    await once(socket, "open")
    return client
  }

  /** A socket that has been welcomed. */
  static async welcomed(url: string, body: object = {}): Promise<RawClient> {
    const client = await RawClient.open(url)
    client.hello(body)
    const [kind] = await client.next()
    if (kind !== 2) throw new Error(`expected WELCOME, got ${kind}`)
    return client
  }

  hello(body: object = {}): void {
    this.send([0, 0, [1, { ...helloBody, ...body }]])
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message))
  }

  sendText(text: string): void {
    this.socket.send(text)
  }

  /** A Buffer goes as text, whatever its bytes are; other bytes go as they should, as a binary message. */
  sendRaw(message: string | Uint8Array): void {
    const binary = message instanceof Uint8Array && !Buffer.isBuffer(message)
    this.socket.send(message, { binary })
  }

  /** The next frame; it throws when the socket closes first. */
  async next(): Promise<RawFrame> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame) return frame
      if (this.#isClosed) throw new Error("the socket closed")
      await new Promise<void>((resolve) => {
        this.#arrived = resolve
      })
    }
  }

  /** The next frame of one of these kinds; others are dropped. */
  async nextOf(...kinds: readonly number[]): Promise<RawFrame> {
    for (;;) {
      const frame = await this.next()
      if (kinds.includes(Number(frame[0]))) return frame
    }
  }

  async close(): Promise<void> {
    this.socket.terminate()
    await this.closed
  }
}
