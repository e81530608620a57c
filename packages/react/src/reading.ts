import type { RpcError, Stream, StreamEvent } from "@trunkline/client"
import { atNextFrame, isUnseen, nextFrame } from "./frames.js"

/** Who is told what a stream brings. Only `show` may call the application. */
export interface ReadingUser {
  /** An event of it, at once. */
  hear(event: StreamEvent<unknown>): void
  /** The server has taken it on. */
  live(): void
  /** It is over: with an error, or because its source has ended. */
  ended(error: RpcError | undefined): void
  /** Something has changed; called at most once a frame. */
  show(): void
}

/** Taken without a frame between them: beyond it the sender has to wait for us. */
const mostInFrame = 256

/** Takes a stream item by item, as fast as a page can show, and tells of it once a frame. */
export class Reading {
  readonly #stream: Stream<unknown>
  readonly #user: ReadingUser
  readonly #stop: () => void
  #stopped = false
  #taken = 0
  /** While nothing is to be taken. */
  #held: Promise<void> | undefined
  #release = (): void => {}

  constructor(stream: Stream<unknown>, user: ReadingUser) {
    this.#stream = stream
    this.#user = user
    this.#stop = stream.subscribe({
      item: (item, cursor) => this.#heard({ item, cursor }),
      note: (note) => this.#heard({ note }),
      live: () => {
        user.live()
        this.#soon()
      },
      error: (error) => this.#ended(error),
      done: () => this.#ended(undefined),
    })
  }

  /** Where the stream can be continued. */
  get cursor(): string | undefined {
    return this.#stream.cursor
  }

  stop(): void {
    this.#stopped = true
    this.#stop()
    this.#release()
  }

  /** Takes nothing more until it is released; what is on its way is felt by the sender. */
  hold(held: boolean): void {
    if (held === (this.#held !== undefined)) return
    if (held) {
      this.#held = new Promise((resolve) => {
        this.#release = resolve
      })
    } else {
      this.#held = undefined
      this.#release()
    }
  }

  #heard(event: StreamEvent<unknown>): Promise<void> | undefined {
    this.#user.hear(event)
    this.#soon()
    if (this.#held) return this.#held
    return ++this.#taken < mostInFrame || isUnseen() ? undefined : nextFrame()
  }

  #ended(error: RpcError | undefined): void {
    this.#user.ended(error)
    this.#soon()
  }

  #soon(): void {
    atNextFrame(this.#show)
  }

  readonly #show = (): void => {
    this.#taken = 0
    if (!this.#stopped) this.#user.show()
  }
}
