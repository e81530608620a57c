import type { BrokerCase } from "./broker-case.js"
import { nodeCases } from "./node-cases.js"
import { publishCases } from "./publish-cases.js"
import { readCases } from "./read-cases.js"
import { replayCases } from "./replay-cases.js"

/** What every broker has to do right, by itself and for the nodes that read it. */
export const brokerCases: readonly BrokerCase[] = [
  ...publishCases,
  ...readCases,
  ...replayCases,
  ...nodeCases,
]
