/**
 * Whether a broker keeps what `Broker` of `@trunkline/server` says, and a key store what `KeyStore` does: for
 * whoever writes one. It needs no test runner, and goes with any.
 */

export type { BrokerCase } from "./broker-case.js"
export { brokerCases } from "./broker-cases.js"
export type { BrokerEngine } from "./engine.js"
export type { CaseReport } from "./finding.js"
export type { KeyStoreCase, KeyStoreEngine } from "./key-store-case.js"
export { keyStoreCases } from "./key-store-cases.js"
