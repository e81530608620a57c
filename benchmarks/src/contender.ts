import type { Server as HttpServer } from "node:http"
import type { Sample, Workload } from "./workload.js"

/** The server's end of a contender. */
export interface Service {
  /** Sends it to everybody who watches. */
  publish(sample: Sample): void
  /** Connections that watch. */
  readonly watchers: number
}

/** Puts a contender's server, with its usual options, on an HTTP server that does not listen yet. */
export type Serve = (http: HttpServer, workload: Workload) => Service

/** One connection of a contender's client, used as its manual says. */
export interface Caller {
  echo(sample: Sample): Promise<Sample>
  /** Reads a stream; resolves at its end. */
  flow(count: number, units: number, item: (sample: Sample) => void): Promise<void>
  /** Hears what is published, from some time after this on. */
  watch(item: (sample: Sample) => void): void
  close(): void
}

/** Resolves when the connection can be used. It is what the bundle size is taken of. */
export type Dial = (url: string) => Promise<Caller>

/** Who takes part, and what to know when comparing. */
export interface Contender {
  readonly title: string
  /** The packages whose versions are reported. */
  readonly packages: readonly string[]
  readonly validates: string
  readonly resumes: string
  readonly holdsBack: string
  serve(): Promise<Serve>
  dial(): Promise<Dial>
}
