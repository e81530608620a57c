export type { Pair, PairArguments, PairOptions } from "./pair.js"
export { connectedPair } from "./pair.js"
export { VirtualClock } from "./virtual-clock.js"
