/** What the files under /proc say, from their text: see proc(5). */
import type { CoreTime, ProcessReading, Reading } from "./system.js"

/** The kernel counts time in these for programs, on every architecture that Node runs on. */
const ticksPerSecond = 100
/** In /proc/diskstats a sector has this many bytes, whatever the disk's own sectors have. */
const sectorBytes = 512

/** Interfaces that carry what another one carries too, or nothing that leaves the machine. */
const innerInterface = /^(lo|veth|docker|br-|virbr|ifb|tun|tap|cni|flannel|cali|dummy|bond)/
/** Whole disks: their partitions, and what lies upon them, would be counted twice. */
const wholeDisk = /^((sd|vd|hd|xvd)[a-z]+|nvme\d+n\d+|mmcblk\d+)$/

/** /proc/stat: the time of each core. */
export function coresOf(stat: string): CoreTime[] {
  return [...stat.matchAll(/^cpu\d+ (.*)$/gm)].map(([, times = ""]) => {
    // Time of guests is contained in user and nice already.
    const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0] =
      numbersOf(times)
    const busy = user + nice + system + irq + soft + steal
    return { busy, total: busy + idle + wait }
  })
}

/** /proc/meminfo. What the kernel could free at once does not count as used. */
export function memoryOf(meminfo: string): Reading["memory"] {
  const total = kilobytesOf(meminfo, "MemTotal")
  const available = kilobytesOf(meminfo, "MemAvailable") ?? kilobytesOf(meminfo, "MemFree") ?? 0
  if (total === undefined) throw new Error("/proc/meminfo has no MemTotal")
  return { used: total - available, total }
}

/** /proc/loadavg. */
export function loadOf(loadavg: string): Reading["load"] {
  const [one, five, fifteen] = numbersOf(loadavg)
  if (one === undefined || five === undefined || fifteen === undefined) return undefined
  return [one, five, fifteen]
}

/** /proc/net/dev: bytes of all interfaces that lead out of the machine. */
export function networkOf(dev: string): Reading["network"] {
  const lines = [...dev.matchAll(/^ *([^\s:]+): *(.*)$/gm)]
  const outer = lines.filter(([, name = ""]) => !innerInterface.test(name))
  if (outer.length === 0) return undefined
  const counters = outer.map(([, , counts = ""]) => numbersOf(counts))
  return {
    in: sum(counters.map(([received = 0]) => received)),
    out: sum(counters.map((counts) => counts[8] ?? 0)),
  }
}

/** /proc/diskstats: bytes of all whole disks. */
export function diskOf(diskstats: string): Reading["disk"] {
  const lines = diskstats.split("\n").map((line) => line.trim().split(/\s+/))
  const disks = lines.filter(([, , name = ""]) => wholeDisk.test(name))
  if (disks.length === 0) return undefined
  return {
    read: sectorBytes * sum(disks.map((fields) => Number(fields[5]))),
    written: sectorBytes * sum(disks.map((fields) => Number(fields[9]))),
  }
}

/** /proc/[pid]/stat. A name may contain blanks and brackets, so the last bracket ends it. */
export function processOf(stat: string, pageBytes: number): ProcessReading | undefined {
  const [, pid, name, rest] = /^(\d+) \((.*)\) (.*)$/s.exec(stat) ?? []
  if (pid === undefined || name === undefined || rest === undefined) return undefined
  const [state = "?", ...numbers] = rest.trim().split(" ")
  const field = (place: number): number => Number(numbers[place - 4] ?? 0)
  return {
    pid: Number(pid),
    name,
    state,
    seconds: (field(14) + field(15)) / ticksPerSecond,
    threads: field(20),
    memory: field(24) * pageBytes,
  }
}

/** /proc/[pid]/cmdline: the name of the program, without its folder. */
export function programOf(cmdline: string): string | undefined {
  const [program = ""] = cmdline.split("\0", 1)
  return program.split("/").at(-1) || undefined
}

/** /proc/self/smaps: bytes of a page of memory. */
export function pageBytesOf(smaps: string): number {
  return kilobytesOf(smaps, "KernelPageSize") ?? 4_096
}

/** Of a file with lines such as `MemTotal:  24684084 kB`. */
function kilobytesOf(text: string, name: string): number | undefined {
  const [, kilobytes] = new RegExp(`^${name}: *(\\d+) kB$`, "m").exec(text) ?? []
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1_024
}

function numbersOf(text: string): number[] {
  return text.trim().split(/\s+/).map(Number)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
