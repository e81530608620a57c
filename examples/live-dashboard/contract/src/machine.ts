import * as z from "zod"

/** What not every system tells. */
export const Missing = z.enum(["network", "disk", "processes", "load"])
export type Missing = z.infer<typeof Missing>

export const Machine = z.object({
  host: z.string(),
  system: z.string(),
  processor: z.string(),
  cores: z.number().int(),
  /** Bytes. */
  memory: z.number(),
  /** When it was started, in milliseconds since 1970. */
  upSince: z.number(),
  /** What this system does not tell; the page says so. */
  missing: z.array(Missing),
})
export type Machine = z.infer<typeof Machine>

/** The place of an item in what one run of the server has produced: `number` counts from 1. */
export const Place = z.object({ run: z.string(), number: z.number().int().min(1) })
export type Place = z.infer<typeof Place>

/** A share of the whole, in percent. */
const Percent = z.number().min(0).max(100)
/** Bytes a second. */
const Rate = z.number().min(0)

/** One measurement of everything that has a chart. What the system does not tell is left out. */
export const Sample = Place.extend({
  /** Milliseconds since 1970. */
  at: z.number(),
  cpu: Percent,
  memory: z.object({ used: z.number(), total: z.number() }),
  /** Processes that ran or wanted to: averages over 1, 5 and 15 minutes. */
  load: z.tuple([z.number(), z.number(), z.number()]).optional(),
  network: z.object({ in: Rate, out: Rate }).optional(),
  disk: z.object({ read: Rate, written: Rate }).optional(),
})
export type Sample = z.infer<typeof Sample>

export const Pulse = z.object({
  /** Counts the pulses of a run, so that a page sees how many it skipped. */
  number: z.number().int(),
  /** Each core. */
  cores: z.array(Percent),
})
export type Pulse = z.infer<typeof Pulse>

export const Process = z.object({
  pid: z.number().int(),
  name: z.string(),
  /** A letter: R runs, S sleeps, D waits for a disk, Z is a zombie. */
  state: z.string(),
  /** Of one core, so that several busy threads make more than 100. */
  cpu: z.number().min(0),
  /** Bytes in memory. */
  memory: z.number(),
  threads: z.number().int(),
})
export type Process = z.infer<typeof Process>

/** A row of the process table as it is now, or that it is gone. */
export const ProcessChange = z.union([
  Process,
  z.object({ pid: z.number().int(), gone: z.literal(true) }),
])
export type ProcessChange = z.infer<typeof ProcessChange>
