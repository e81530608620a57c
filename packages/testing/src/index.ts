/**
 * For tests of what is built on Trunkline: a client and a server in memory, and time that passes when the
 * test says so. `@trunkline/testing/msw` has the server behind msw, `/conformance` the cases for brokers
 * and key stores of your own, and `/simulator` what Trunkline itself is tested with.
 */
export type {
  AnyProcedure,
  Delays,
  DropOptions,
  HandshakeRefusal,
  Passing,
  RefuseCallOptions,
  RefuseOptions,
  TestLine,
} from "./line/test-line.js"
export type { Pair, PairArguments, PairOptions } from "./pair/pair.js"
export { connectedPair } from "./pair/pair.js"
export { VirtualClock } from "./pair/virtual-clock.js"
