import type { Place, Process, Sample } from "@trunkline-example/dashboard-contract"
import type { CoreTime, ProcessReading, Reading } from "./system.js"

/** How busy each core was between two looks, in percent. */
export function coresBetween(before: readonly CoreTime[], after: readonly CoreTime[]): number[] {
  return after.map((core, index) => busyShare(before[index], core))
}

/** What happened between two readings, so many milliseconds apart. */
export function sampleBetween(
  before: Reading,
  after: Reading,
  milliseconds: number,
): Omit<Sample, keyof Place | "at"> {
  const { memory, load, network, disk } = after
  const rate = (from: number, to: number): number =>
    Math.round((Math.max(0, to - from) * 1_000) / milliseconds)
  return {
    cpu: busyShare(total(before.cores), total(after.cores)),
    memory,
    ...(load && { load: [...load] }),
    ...(network &&
      before.network && {
        network: {
          in: rate(before.network.in, network.in),
          out: rate(before.network.out, network.out),
        },
      }),
    ...(disk &&
      before.disk && {
        disk: {
          read: rate(before.disk.read, disk.read),
          written: rate(before.disk.written, disk.written),
        },
      }),
  }
}

/** A process that was not there before has had no time yet. */
export function processBetween(
  before: ProcessReading | undefined,
  after: ProcessReading,
  milliseconds: number,
): Process {
  const { seconds, ...rest } = after
  const spent = before ? Math.max(0, seconds - before.seconds) : 0
  return { ...rest, cpu: toTenth((spent * 100_000) / milliseconds) }
}

function busyShare(before: CoreTime | undefined, after: CoreTime): number {
  if (!before || after.total <= before.total) return 0
  const share = (after.busy - before.busy) / (after.total - before.total)
  return toTenth(Math.min(1, Math.max(0, share)) * 100)
}

function total(cores: readonly CoreTime[]): CoreTime {
  return cores.reduce(
    (sum, { busy, total }) => ({ busy: sum.busy + busy, total: sum.total + total }),
    { busy: 0, total: 0 },
  )
}

/** More digits would be noise, and cost bytes. */
function toTenth(percent: number): number {
  return Math.round(percent * 10) / 10
}
