import { arch, cpus, hostname, totalmem, type, uptime } from "node:os"
import type { Machine } from "@trunkline-example/dashboard-contract"
import { missingOf, type System } from "./system.js"

export async function describeMachine(system: System): Promise<Machine> {
  const [first] = cpus()
  return {
    host: hostname(),
    system: `${type()} ${arch()}`,
    processor: first?.model.trim() ?? "",
    cores: cpus().length,
    memory: totalmem(),
    upSince: Date.now() - uptime() * 1_000,
    missing: await missingOf(system),
  }
}
