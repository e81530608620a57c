import type { Encoded } from "../codec/codec.js"
import { frameOf, type Numbered, Opening, type Outbox } from "../flow/outbox.js"
import { messageFrames, messageUnits } from "../limits.js"
import type { Context } from "./context.js"
import type { Inbox } from "./inbox.js"
import { cancelFrame } from "./open-frame.js"

/**
 * Puts frames into messages: whatever one turn of the event loop produced leaves together, since the
 * system call is what a message costs (docs/protocol.md, "Flush rule").
 */
export class Outgoing {
  /** Messages and their units so far. */
  messages = 0
  units = 0
  readonly #context: Context
  readonly #inbox: Inbox
  readonly #outbox: Outbox
  /** The message being filled: the number of its first frame, room for the acknowledgement, the frames. */
  #message: (number | Encoded)[] | undefined
  #frameUnits = 0

  constructor(context: Context, inbox: Inbox, outbox: Outbox) {
    this.#context = context
    this.#inbox = inbox
    this.#outbox = outbox
  }

  /** Control frames, or with none of them a pure acknowledgement: unnumbered, for this socket alone. */
  control(frames: readonly Encoded[]): void {
    this.#transmit([0, 0, ...frames])
  }

  /** Numbers and sends what waits, as far as the window goes. */
  flush(): void {
    const { scheduler, peer } = this.#context
    while (this.#outbox.units < peer.window) {
      const numbered = scheduler.next()
      if (numbered === undefined) break
      this.#outbox.add(numbered)
      this.#put(frameOf(numbered), this.#outbox.sent)
    }
    this.#send()
  }

  /**
   * Sends again, on a new socket, what the other side has not applied: each frame as it was, under its
   * number. Only an OPEN that nobody waits for any more is replaced, so that no ghost of it runs.
   */
  retransmit(): number {
    let number = this.#outbox.acknowledged
    for (const numbered of this.#outbox) this.#put(this.#again(numbered), ++number)
    this.#send()
    return number - this.#outbox.acknowledged
  }

  #again(numbered: Numbered): Encoded {
    if (!(numbered instanceof Opening) || !numbered.opener.gone) return frameOf(numbered)
    numbered.opener.replaced()
    return cancelFrame(this.#context.codec, numbered.opener.id)
  }

  #put(frame: Encoded, number: number): void {
    if (this.#isFull(frame)) this.#send()
    this.#frameUnits += frame.length
    if (this.#message) this.#message.push(frame)
    else this.#message = [number, 0, frame]
  }

  #isFull({ length }: Encoded): boolean {
    const frames = (this.#message?.length ?? 2) - 2
    return frames === messageFrames || (frames > 0 && this.#frameUnits + length > messageUnits)
  }

  #send(): void {
    const message = this.#message
    if (message === undefined) return
    this.#message = undefined
    this.#frameUnits = 0
    this.#transmit(message)
  }

  #transmit(message: (number | Encoded)[]): void {
    message[1] = this.#inbox.acknowledge()
    const wire = this.#context.codec.array(message)
    this.messages++
    this.units += wire.length
    this.#context.emit({ type: "transmit", wire })
  }
}
