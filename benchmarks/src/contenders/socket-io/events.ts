import type { Flow, Sample } from "../../workload.js"

export interface ToServer {
  echo(sample: Sample, answer: (sample: Sample) => void): void
  flow(flow: Flow): void
  watch(): void
}

export interface ToClient {
  item(sample: Sample): void
  end(): void
  published(sample: Sample): void
}
