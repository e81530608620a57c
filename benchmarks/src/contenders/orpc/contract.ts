import { eventIterator, oc } from "@orpc/contract"
import { Flow, Sample } from "../../workload.js"

export const bench = {
  echo: oc.input(Sample).output(Sample),
  flow: oc.input(Flow).output(eventIterator(Sample)),
  watch: oc.output(eventIterator(Sample)),
}
