import type { Missing } from "@trunkline-example/dashboard-contract"

/** How long a core worked, and how long there was, in a unit of the system's own. */
export interface CoreTime {
  readonly busy: number
  readonly total: number
}

/** Levels as they are and counters since the start: rates come of two of these. */
export interface Reading {
  readonly cores: readonly CoreTime[]
  /** Bytes. */
  readonly memory: { readonly used: number; readonly total: number }
  readonly load: readonly [number, number, number] | undefined
  /** Bytes since the start. */
  readonly network: { readonly in: number; readonly out: number } | undefined
  readonly disk: { readonly read: number; readonly written: number } | undefined
}

/** One process as the system tells of it. */
export interface ProcessReading {
  readonly pid: number
  readonly name: string
  readonly state: string
  /** Seconds that it has had a core, since it began. */
  readonly seconds: number
  /** Bytes. */
  readonly memory: number
  readonly threads: number
}

/** The machine below us: what it tells of itself. */
export interface System {
  cores(): Promise<readonly CoreTime[]>
  read(): Promise<Reading>
  /** Left out where there is no way to list them without starting programs. */
  readonly processes?: () => Promise<readonly ProcessReading[]>
}

/** What a system does not tell; found out by asking, as containers hide some of it. */
export async function missingOf(system: System): Promise<Missing[]> {
  const { load, network, disk } = await system.read()
  const told = { load, network, disk, processes: system.processes }
  const all: readonly Missing[] = ["load", "network", "disk", "processes"]
  return all.filter((what) => told[what] === undefined)
}
