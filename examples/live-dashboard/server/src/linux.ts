import { readdir, readFile } from "node:fs/promises"
import {
  coresOf,
  diskOf,
  loadOf,
  memoryOf,
  networkOf,
  pageBytesOf,
  processOf,
  programOf,
} from "./proc-text.js"
import type { ProcessReading, System } from "./system.js"

/** Linux: everything is in /proc. */
export async function linux(): Promise<System> {
  const pageBytes = pageBytesOf((await textOf("self/smaps")) ?? "")
  return {
    cores: async () => coresOf((await textOf("stat")) ?? ""),
    read: async () => {
      const names = ["stat", "meminfo", "loadavg", "net/dev", "diskstats"]
      const [stat = "", meminfo = "", loadavg = "", dev = "", diskstats = ""] = await Promise.all(
        names.map(textOf),
      )
      return {
        cores: coresOf(stat),
        memory: memoryOf(meminfo),
        load: loadOf(loadavg),
        network: networkOf(dev),
        disk: diskOf(diskstats),
      }
    },
    processes: async () => {
      const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
      const processes = await Promise.all(pids.map((pid) => processAt(pid, pageBytes)))
      return processes.filter((process) => process !== undefined)
    },
  }
}

/** A process may end between being listed and being read. */
async function processAt(pid: string, pageBytes: number): Promise<ProcessReading | undefined> {
  const process = processOf((await textOf(`${pid}/stat`)) ?? "", pageBytes)
  if (process?.name !== nodesThread) return process
  const name = programOf((await textOf(`${pid}/cmdline`)) ?? "")
  return { ...process, name: name ?? process.name }
}

/** Later versions of Node call their main thread so, and the system calls the process after it. */
const nodesThread = "MainThread"

/** `undefined`: it is not there, or not for us. */
async function textOf(name: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${name}`, "utf8")
  } catch {
    return undefined
  }
}
