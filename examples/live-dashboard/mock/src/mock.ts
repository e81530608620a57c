import { mockServer } from "@trunkline/testing/msw"
import { dashboard } from "@trunkline-example/dashboard-contract"
import { alerts, handlers, sample, samples } from "./handlers.js"

/** What a test gets hold of. */
export const mock = {
  line: mockServer(dashboard, "*/rpc", handlers),
  dashboard,
  alerts,
  samples,
  sample,
}
export type Mock = typeof mock
