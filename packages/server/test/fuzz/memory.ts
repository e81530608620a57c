import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
const collectGarbage: () => void = runInNewContext("gc")

/** Bytes that are really held. */
export function heldBytes(): number {
  collectGarbage()
  return process.memoryUsage().heapUsed
}
