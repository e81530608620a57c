/**
 * Does the work now and then every so many milliseconds, never twice at a time. What it throws goes to
 * `failed`. The result stops it.
 */
export function repeat(
  milliseconds: number,
  work: () => Promise<void>,
  failed: (error: unknown) => void,
): () => void {
  let working = false
  const turn = async (): Promise<void> => {
    if (working) return
    working = true
    await work().catch(failed)
    working = false
  }
  const timer = setInterval(turn, milliseconds)
  void turn()
  return () => clearInterval(timer)
}
