import { parentPort, workerData } from "node:worker_threads"
import { runSeries } from "../simulator/index.js"

/* One thread of `sim`: its part of the seeds. */
parentPort?.postMessage(await runSeries(workerData))
