import type { BrokerCase } from "./broker-case.js"
import { engineCases } from "./broker-cases.js"
import { nodeCases } from "./node-cases.js"

/** What every broker has to do right, by itself and for the nodes that read it. */
export const brokerCases: readonly BrokerCase[] = [...engineCases, ...nodeCases]
