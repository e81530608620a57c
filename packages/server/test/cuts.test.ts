import { readFile, rm } from "node:fs/promises"
import type { AddressInfo } from "node:net"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { expect, test } from "vitest"
import type { Record } from "./cuts/record.js"
import type { Parameters } from "./cuts/service.js"
import { User } from "./cuts/user.js"
import { verdict } from "./cuts/verdict.js"
import { type Fate, FaultyProxy } from "./support/faulty-proxy.js"
import { type Running, start } from "./support/program.js"

/*
 * Real sockets through a wire that is cut ten thousand times, at any byte, while everything is in use. What
 * clients and handlers noted is then held against the guarantees (docs/protocol.md, "Guarantees").
 */

/** `CUTS=100000` for a night. */
const cuts = Number(process.env["CUTS"] ?? 10_000)
const minutes = 60_000
const users = 24
/** Of the server, spread over the run. */
const kills = 4

test(`nothing is lost, doubled or skipped over ${cuts} cuts`, {
  timeout: 10 * minutes,
}, async () => {
  const history: Record[] = []
  const service = await Service.start()
  const proxy = await FaultyProxy.to(service.port)
  const slow = await FaultyProxy.to(service.port)
  proxy.fate = shortLife
  slow.fate = slowLife
  const note = (record: Record): void => void history.push(record)
  const busy = Array.from({ length: users }, (_, index) => new User(`u${index}`, proxy.url, note))
  const patient = Array.from({ length: 6 }, (_, index) => new User(`p${index}`, slow.url, note))
  const everybody = [...busy, ...patient]
  const work = everybody.map((user) => user.work())
  const wires = [proxy, slow]
  const sum = (what: "cut" | "late" | "freeze") =>
    wires.reduce((total, { counts }) => total + counts[what], 0)

  for (let life = 1; life <= kills + 1; life++) {
    while (sum("cut") + sum("late") < (cuts * life) / (kills + 1)) await setTimeout(20)
    if (life <= kills) await service.restart()
  }
  for (const wire of wires) wire.fate = () => undefined
  const [anybody] = everybody
  const tip = await anybody?.client.rest(undefined, { timeout: minutes })
  if (!tip) throw new Error("nobody is there")
  await Promise.all(everybody.map((user) => user.rest(tip)))
  await Promise.all(work)
  await service.stop()
  for (const wire of wires) await wire.close()

  process.stdout.write(`${summary(history, wires)}\n`)
  expect(verdict([...(await service.history()), ...history])).toEqual([])
  expect(sum("cut") + sum("late")).toBeGreaterThanOrEqual(cuts)
  expect(sum("late")).toBeGreaterThan(cuts / 20)
  expect(sum("freeze")).toBeGreaterThan(0)
  const settled = history.filter(({ type }) => type === "answered" || type === "failed").length
  expect(settled).toBeGreaterThan(cuts / 5)
})

/** Some do not outlive the handshake, most of the others not many messages, and a few last a while. */
function shortLife(): Fate {
  const longest = pick([1_200, 3_000, 3_000, 6_000, 6_000, 40_000])
  const end = Math.random() < 0.15 ? "late" : "cut"
  const piece = Math.random() < 0.2 ? int(40) : 65_536
  return { end, after: int(longest), delay: int(60), piece }
}

/** In small pieces, and then nothing tells that it is over but silence. */
function slowLife(): Fate {
  return { end: Math.random() < 0.7 ? "freeze" : "cut", after: int(20_000), delay: 0, piece: 64 }
}

function int(most: number): number {
  return 1 + Math.floor(Math.random() * most)
}

function pick<T>(choices: readonly [T, ...T[]]): T {
  return choices[Math.floor(Math.random() * choices.length)] ?? choices[0]
}

function summary(history: readonly Record[], wires: readonly FaultyProxy[]): string {
  const counted = new Map<string, number>()
  for (const record of history) {
    const name = record.type === "failed" ? `failed ${record.code} ${record.executed}` : record.type
    counted.set(name, (counted.get(name) ?? 0) + 1)
  }
  const counts = [...counted].map(([name, count]) => `${name} ${count}`).join(", ")
  return `${wires.map((wire) => JSON.stringify(wire.counts)).join(" ")}\n${counts}`
}

/** The service: one program after another on the same port, and what they logged together. */
class Service {
  readonly port: number
  readonly #file = join(tmpdir(), `cuts-${process.pid}-${Date.now()}.jsonl`)
  #program: Running | undefined
  #lives = 0

  private constructor(port: number) {
    this.port = port
  }

  static async start(): Promise<Service> {
    const service = new Service(await freePort())
    await service.#start()
    return service
  }

  async restart(): Promise<void> {
    await this.stop()
    await this.#start()
  }

  /** Without a word to anybody. */
  async stop(): Promise<void> {
    this.#program?.child.kill("SIGKILL")
    await this.#program?.ending
  }

  async history(): Promise<Record[]> {
    const lines = (await readFile(this.#file, "utf8")).trimEnd().split("\n")
    await rm(this.#file)
    return lines.map((line) => JSON.parse(line))
  }

  async #start(): Promise<void> {
    const parameters: Parameters = {
      file: this.#file,
      port: this.port,
      name: `s${++this.#lives}`,
    }
    this.#program = await start("cut-service", JSON.stringify(parameters))
    expect(await this.#program.line()).toBe("listening")
  }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return port
}
