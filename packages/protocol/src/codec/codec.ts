/** A frame, a payload or a message as its codec writes it: text on json, bytes on msgpack. */
export type Encoded = string | Uint8Array<ArrayBuffer>

/** What the codec found in a message, before its frames are checked. */
export interface Decoded {
  readonly value: unknown
  /**
   * Turns a payload as found into the value it stands for, in place where it can. Left out when every
   * payload of the message already is its value. Throws a Violation.
   */
  readonly revive: ((payload: unknown) => unknown) | undefined
}

/**
 * Frames ↔ text or bytes (docs/protocol.md, "Subprotocol, codec, values"). A session has one codec for
 * life. A payload is encoded once, and spliced into its frame as a finished piece: the frame into its
 * message likewise. So one value can be sent to thousands of sessions, and kept until it is
 * acknowledged, without being written again.
 */
export interface Codec {
  /** The subprotocol that a peer chooses this codec by. */
  readonly subprotocol: string
  /** Writes one value. Throws Unencodable for what has no form on the wire. */
  encode(value: unknown): Encoded
  /** Splices integers and finished pieces into an array. */
  array(elements: readonly (number | Encoded)[]): Encoded
  /** Reads a message, or a frame joined from parts. Throws a Violation. */
  decode(wire: Encoded): Decoded
  /** Cuts a finished frame into the slices of its PARTs, each a finished piece. */
  cut(frame: Encoded): Encoded[]
  /** Joins the slices of PARTs as they were received. Throws a Violation. */
  join(slices: readonly unknown[]): Encoded
}
