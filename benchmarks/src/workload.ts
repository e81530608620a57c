import * as z from "zod"

/** The value of every call and every item: small, as most are. About 65 bytes as JSON. */
export const Sample = z.object({ seq: z.number(), name: z.string(), value: z.number() })
export type Sample = z.infer<typeof Sample>

/** How many items a stream has, and how long the text in each is. */
export const Flow = z.object({ count: z.number(), units: z.number() })
export type Flow = z.infer<typeof Flow>

/** The text of an ordinary sample. */
export const nameUnits = 20

const text = "database.primary.eu-"

export function sampleOf(seq: number, units: number = nameUnits): Sample {
  return { seq, name: text.repeat(Math.ceil(units / text.length)).slice(0, units), value: 0.4217 }
}

/** What every contender serves: the handlers are the same functions. */
export class Workload {
  /** Samples that the sources have yielded. */
  produced = 0

  echo(sample: Sample): Sample {
    return sample
  }

  /** As fast as it is read: it never waits for anything of its own. */
  async *flow({ count, units }: Flow): AsyncGenerator<Sample, void> {
    const { name, value } = sampleOf(0, units)
    for (let seq = 0; seq < count; seq++) {
      this.produced++
      yield { seq, name, value }
    }
  }
}
