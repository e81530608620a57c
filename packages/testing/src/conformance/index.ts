/**
 * Whether a broker keeps what `Broker` of `@trunkline/server` says: for whoever writes one. It needs no
 * test runner, and goes with any.
 */
export type { BrokerCase, CaseReport } from "./broker-case.js"
export { engineCases } from "./broker-cases.js"
export type { BrokerEngine } from "./engine.js"
