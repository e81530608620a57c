import { expect, it } from "vitest"
import { Viewers } from "./viewers.js"

it("counts who reads its stream, and nobody else", async () => {
  const viewers = new Viewers()
  const [adas, bobs] = [new AbortController(), new AbortController()]
  const ada = viewers.watch("Ada", adas.signal)
  expect(named(await next(ada))).toEqual(["Ada (you)"])
  const bob = viewers.watch("Bob", bobs.signal)
  expect(named(await next(bob))).toEqual(["Ada", "Bob (you)"])
  expect(named(await next(ada))).toEqual(["Ada (you)", "Bob"])

  const left = bob.next()
  bobs.abort()
  await expect(left).rejects.toThrow("abort")
  expect(named(await next(ada))).toEqual(["Ada (you)"])
})

async function next<Item>(stream: AsyncGenerator<Item, void>): Promise<Item> {
  const step = await stream.next()
  if (step.done) throw new Error("it has ended")
  return step.value
}

function named(viewers: readonly { name: string; you: boolean }[]): string[] {
  return viewers.map(({ name, you }) => (you ? `${name} (you)` : name))
}
