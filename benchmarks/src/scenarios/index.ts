import type { Scenario } from "../scenario.js"
import { latency } from "./latency.js"
import { idle, stalled } from "./memory.js"
import { calls, fanOut, stream } from "./throughput.js"
import { traffic } from "./traffic.js"

export const scenarios: Readonly<Record<string, Scenario>> = {
  latency,
  "calls-1": calls(1, 100),
  "calls-10": calls(10, 50),
  stream,
  "fan-out-1": fanOut(1),
  "fan-out-10": fanOut(10),
  traffic,
  idle,
  stalled,
}
