/** Milliseconds after which nothing is believed to come any more. */
const patience = 5_000

/** What the kit found wrong: what it looks at fails in ways of its own. */
export class Finding extends Error {}

/** Fails with this where it does not hold. */
export function demand(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Finding(what)
}

export function demandEqual(found: unknown, wanted: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)]
  demand(a === b, `${what}: ${shortened(a)} instead of ${shortened(b)}`)
}

const shortened = (text = "nothing") => (text.length > 200 ? `${text.slice(0, 200)}…` : text)

/** Long enough for a question to arrive, and short beside the two seconds that a broker waits. */
export function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 200))
}

/** What has to come soon. */
export async function soon<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Finding(`${what} did not come`)), patience)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** How a case went. */
export interface CaseReport {
  readonly name: string
  readonly outcome: "passed" | "failed" | "left out"
  /** What went wrong, or what is missing. */
  readonly error?: Error
}

/** Thrown by a case for something that not everybody lets be done. */
export class Missing extends Error {
  readonly need: string

  constructor(need: string) {
    super(`needs \`${need}\``)
    this.need = need
  }
}

/** How it went, once what it worked with is let go. */
export async function reportOf(
  name: string,
  check: () => Promise<void>,
  close: () => Promise<void>,
): Promise<CaseReport> {
  try {
    await check()
    await close()
    return { name, outcome: "passed" }
  } catch (thrown) {
    await close().catch(() => {})
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    return { name, outcome: thrown instanceof Missing ? "left out" : "failed", error }
  }
}
