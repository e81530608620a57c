import { call, contract, subscription } from "@trunkline/contract"
import { Flow, Sample } from "../../workload.js"

export const bench = contract({
  echo: call({ input: Sample, output: Sample }),
  flow: subscription({ input: Flow, item: Sample }),
  watch: subscription({ item: Sample }),
})
