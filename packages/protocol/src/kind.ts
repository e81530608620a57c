/** The kinds of frame, by their number on the wire (docs/protocol.md, "Frames"). */
export const HELLO = 1
export const WELCOME = 2
export const REJECT = 3
export const PING = 4
export const PONG = 5
export const GOAWAY = 6
export const AUTH = 7
export const AUTH_OK = 8
export const BYE = 10
export const PART = 15
export const RESULT = 17
export const ERROR = 18
export const CANCEL = 19
export const OPEN = 20
export const ITEM = 21
export const END = 22
export const CREDIT = 23
export const EVENT = 24
export const NOTE = 25
export const ITEMS = 26

/** Sequenced frames begin here; below it stand the control frames. */
export const FIRST_SEQUENCED = 15
/** Unknown kinds from here on are numbered, acknowledged and otherwise ignored. */
export const FIRST_IGNORABLE = 64
