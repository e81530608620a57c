import * as z from "zod"

/** What a process has used up so far. */
export const Usage = z.object({
  /** Seconds of processor time, all threads, user and system. */
  cpu: z.number(),
  /** Bytes of memory, after a garbage collection. */
  rss: z.number(),
})
export type Usage = z.infer<typeof Usage>

/** What a client did. */
export const Done = z.object({ operations: z.number(), seconds: z.number() })
export type Done = z.infer<typeof Done>

/** The same, one after the other, with milliseconds. */
export const Timed = Done.extend({ p50: z.number(), p99: z.number() })
export type Timed = z.infer<typeof Timed>

/** Bytes on the server's sockets, framing included, upgrade requests too. */
export const Traffic = z.object({ up: z.number(), down: z.number() })
export type Traffic = z.infer<typeof Traffic>

/** How long to go on: until the one or the other is reached. */
export const Span = z.object({ operations: z.number(), milliseconds: z.number() })
export type Span = z.infer<typeof Span>
