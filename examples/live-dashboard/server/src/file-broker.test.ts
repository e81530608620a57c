import { appendFile, mkdtemp, readdir, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { brokerCases } from "@trunkline/testing/conformance"
import { afterEach, describe, expect, test } from "vitest"
import { FileBroker } from "./file-broker.js"

const folders: string[] = []

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "file-broker-"))
  folders.push(made)
  return made
}

afterEach(async () => {
  for (const made of folders.splice(0)) await rm(made, { recursive: true })
})

describe("what every broker has to do", () => {
  /** It is for one process: nothing can be done to its engine from outside, and a node is all of it. */
  const engine = async () => {
    const broker = new FileBroker(await folder())
    return { connect: () => broker }
  }

  test.each(brokerCases)("$name", async ({ run }) => {
    const { outcome, error } = await run(engine)
    if (outcome === "left out") expect(error?.message).toMatch(/^needs `/)
    else expect(error).toBeUndefined()
  })
})

test("what was published is there in the next process, and a cursor goes on", async () => {
  const path = await folder()
  const first = new FileBroker(path)
  const cursors = []
  for (const text of ["1", "2", "3"]) {
    cursors.push(await first.publish("a/b", text, { dedupeId: text }))
  }
  await first.close()
  const [file = ""] = await readdir(path)
  await appendFile(join(path, file), '{"n":4,"id":"cut')
  const second = new FileBroker(path)
  expect(await second.kept("a/b")).toEqual({ payloads: ["1", "2", "3"], cursor: cursors[2] })
  expect(await second.publish("a/b", "3", { dedupeId: "3" })).toBe(cursors[2])
  const reader = await second.open("a/b", cursors[0])
  expect(reader).toMatchObject({ gap: false, start: cursors[0] })
  expect(await reader.read(10)).toMatchObject([
    { payload: "2", prev: cursors[0] },
    { payload: "3" },
  ])
  await second.close()
})

test("an older entry than it keeps is a gap", async () => {
  const broker = new FileBroker(await folder())
  const first = await broker.publish("t", "0", { dedupeId: "0" })
  for (let n = 1; n <= 2_100; n++) await broker.publish("t", String(n), { dedupeId: String(n) })
  expect((await broker.kept("t")).payloads).toHaveLength(1_000)
  const reader = await broker.open("t", first)
  expect(reader.gap).toBe(true)
  expect(await reader.read(1)).toMatchObject([{ payload: "1101", prev: reader.start }])
  await broker.close()
})
