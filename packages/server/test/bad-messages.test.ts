import { call, contract, subscription } from "@trunkline/contract"
import { implement, type Server, serve } from "@trunkline/server"
import { type Listening, listen } from "@trunkline/server/node"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import * as z from "zod"
import { LogBook } from "./support/log.js"
import { RawClient, type RawFrame } from "./support/raw-client.js"
import { Witness, witnessContract, witnessHandlers } from "./support/witness.js"

/*
 * What a server answers to messages that no correct client sends (docs/protocol.md, "Frames"), and that
 * nobody else notices: each case runs while a witness reads its stream.
 */

const service = contract({
  ...witnessContract,
  add: call({ input: z.object({ a: z.number(), b: z.number() }), output: z.number() }),
  echo: call({ input: z.unknown(), output: z.unknown() }),
  hang: call({ output: z.number() }),
  silent: subscription({ item: z.number() }),
})

const router = implement(service, {
  ...witnessHandlers,
  add: ({ input: { a, b } }) => a + b,
  echo: ({ input }) => input,
  hang: () => new Promise<never>(() => {}),
  silent: async function* () {
    await new Promise<never>(() => {})
    yield 0
  },
})

const limits = { calls: 4, streams: 3, messageBytes: 100_000 }
const book = new LogBook()

let server: Server
let listening: Listening
let witness: Witness
let url: string

beforeAll(async () => {
  server = serve(router, { limits, log: book.log })
  listening = await listen(server, { port: 0, hostname: "127.0.0.1" })
  url = `ws://127.0.0.1:${listening.port}/rpc`
  witness = await Witness.watch(url)
})

afterAll(async () => {
  await witness.close()
  await listening.close()
  expect(server.stats()).toMatchObject({ sessions: 0, channels: 0, handshakes: 0 })
})

function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth)
}

describe("a first message that is no HELLO closes the socket", () => {
  const hello = (change: string): string =>
    `[0,0,[1,{"caps":[],"client":"raw","instance":"i","limits":{"window":65536,"calls":1,"streams":1,"messageBytes":1024}${change}}]]`

  test.each<[what: string, message: string | Uint8Array, code: number]>([
    ["nothing at all", "", 4400],
    ["not JSON", "hello", 4400],
    ["half of a HELLO", hello("").slice(0, 40), 4400],
    ["another frame", "[0,0,[4,1]]", 4400],
    ["a HELLO with a number", hello("").replace("[0,0", "[1,0"), 4400],
    ["a HELLO that acknowledges", hello("").replace("[0,0", "[0,3"), 4400],
    [
      "two of them in one message",
      `[0,0,${hello("").slice(5, -1)},${hello("").slice(5, -1)}]`,
      4400,
    ],
    ["one without limits", hello("").replace("limits", "limit"), 4400],
    ["one with a window too small", hello("").replace("65536", "16383"), 4400],
    ["one with a limit below zero", hello("").replace('"calls":1', '"calls":-1'), 4400],
    ["one with an instance that is no token", hello("").replace('"i"', '"i i"'), 4400],
    ["one with a token too long", hello(`,"auth":"${"t".repeat(8_193)}"`), 4400],
    ["one with a token that is no text", hello(',"auth":{}'), 4400],
    ["one with a half of a resume", hello(',"resume":{"sid":"s"}'), 4400],
    ["one over 16 KiB", hello(`,"pad":"${"x".repeat(16_384)}"`), 4400],
    ["one in a binary message", new TextEncoder().encode(hello("")), 4400],
    ["one over the size of any message", "x".repeat(262_145), 1009],
    ["text that is no UTF-8", Buffer.from([0xff, 0xfe]), 1007],
  ])("%s", async (_, message, code) => {
    const client = await RawClient.open(url)
    client.sendRaw(message)
    expect((await client.closed).code).toBe(code)
    await witness.undisturbed()
  })

  test("a second message before the answer", async () => {
    const client = await RawClient.open(url)
    client.hello()
    client.hello()
    expect(await client.closed).toEqual({ code: 4400, reason: "a message before WELCOME" })
    await witness.undisturbed()
  })
})

describe("a message that breaks the protocol ends its session", () => {
  const open = (id: number, path = "hang"): string => `[20,${id},"${path}"]`

  test.each<[what: string, messages: readonly (string | Uint8Array)[], code: number]>([
    ["a binary message", [new Uint8Array([0x5b, 0x5d])], 1003],
    ["text that is no UTF-8", [Buffer.from([0x5b, 0xff, 0x5d])], 1007],
    ["a message too large", [`[1,0,[20,1,"echo","${"x".repeat(262_144)}"]]`], 1009],
    ["a message of too many frames", [`[0,0${",[5,1]".repeat(513)}]`], 4429],
    ["too many calls in one message", [`[1,0${",[23,1,0]".repeat(513)}]`], 4429],
    ["not JSON", ["[1,0,"], 4400],
    ["a number", ["7"], 4400],
    ["an object", ["{}"], 4400],
    ["null", ["null"], 4400],
    ["an empty array", ["[]"], 4400],
    ["an array without an acknowledgement", ["[1]"], 4400],
    ["an acknowledgement of what was never sent", ["[0,1]"], 4400],
    ["an acknowledgement below zero", ["[0,-1]"], 4400],
    ["a number that is none", ['["1",0,[22,1]]'], 4400],
    ["a fraction of a number", ["[1.5,0,[22,1]]"], 4400],
    ["a number beyond all integers", ["[9007199254740993,0,[22,1]]"], 4400],
    ["a gap in the numbers", [`[2,0,${open(1)}]`], 4400],
    ["a numbered message without frames", ["[1,0]"], 4400],
    ["a frame that is no array", ["[1,0,20]"], 4400],
    ["a frame without a kind", ["[1,0,[]]"], 4400],
    ["a critical kind that does not exist", ["[1,0,[27,1]]"], 4400],
    ["an unused control kind", ["[0,0,[9,1]]"], 4400],
    ["a numbered frame in a control message", [`[0,0,${open(1)}]`], 4400],
    ["a control frame in a numbered message", ["[1,0,[4,1]]"], 4400],
    ["a HELLO in a session", ["[0,0,[1,{}]]"], 4400],
    ["a WELCOME", ["[0,0,[2,{}]]"], 4400],
    ["a GOAWAY", ['[0,0,[6,{"reason":"x","deadlineMs":1}]]'], 4400],
    ["a PING without a number", ['[0,0,[4,"x"]]'], 4400],
    ["a BYE without a reason", ["[0,0,[10,{}]]"], 4400],
    ["an OPEN without a path", ["[1,0,[20,1]]"], 4400],
    ["an OPEN with id 0", [`[1,0,${open(0)}]`], 4400],
    ["an OPEN with an id of the server's", [`[1,0,${open(2)}]`], 4400],
    ["an OPEN with a path too long", [`[1,0,${open(1, "p".repeat(257))}]`], 4400],
    ["an OPEN of an id that is taken", [`[1,0,${open(1)},${open(1)}]`], 4400],
    ["an OPEN below the highest id", [`[1,0,${open(5)},${open(3)}]`], 4400],
    ["an OPEN of an id that was cancelled", [`[1,0,[19,1],${open(1)}]`], 4400],
    ["an OPEN with a wrong meta", ['[1,0,[20,1,"hang",null,null,{"d":"soon"}]]'], 4400],
    ["an OPEN with a wrong credit", ['[1,0,[20,1,"silent",null,-1]]'], 4400],
    ["a RESULT from a caller", [`[1,0,${open(1)},[17,1,1]]`], 4400],
    ["an ERROR from a caller", [`[1,0,${open(1)},[18,1,"X","no"]]`], 4400],
    ["a NOTE from a caller", [`[1,0,${open(1)},[25,1,"at",{}]]`], 4400],
    ["an item without credit", [`[1,0,${open(1)},[21,1,1]]`], 4400],
    ["a run of no items", [`[1,0,${open(1)},[26,1,[]]]`], 4400],
    ["an END for a channel that was not opened", ["[1,0,[22,1]]"], 4400],
    ["a CREDIT for a channel that was not opened", ["[1,0,[23,7,1]]"], 4400],
    ["a RESULT for a channel that the server never opened", ["[1,0,[17,2,1]]"], 4400],
    ["an input nested too deep", [`[1,0,[20,1,"echo",${nested(65)}]]`], 4400],
    ["a message nested as deep as it can be", [nested(131_072)], 4400],
    ["an input with the key __proto__", ['[1,0,[20,1,"echo",{"__proto__":{"a":1}}]]'], 4400],
    ["the same key, escaped", ['[1,0,[20,1,"echo",{"\\u005f_proto__":{"a":1}}]]'], 4400],
    ["the same key, in a marker", ['[1,0,[20,1,"echo",{"$":"o","v":[["__proto__",1]]}]]'], 4400],
    ["a marker that stands for nothing", ['[1,0,[20,1,"echo",{"$":"z"}]]'], 4400],
    ["a date that is none", ['[1,0,[20,1,"echo",{"$":"d","v":1e300}]]'], 4400],
    ["bytes that are none", ['[1,0,[20,1,"echo",{"$":"b","v":"?"}]]'], 4400],
    [
      "a bigint of too many digits",
      [`[1,0,[20,1,"echo",{"$":"n","v":"${"9".repeat(4_097)}"}]]`],
      4400,
    ],
    ["a part with a wrong flag", ['[1,0,[15,1,2,"x"]]'], 4400],
    ["parts that join to nothing", ['[1,0,[15,1,1,"[20,"],[15,1,0,"1"]]'], 4400],
    ["parts that join to a frame of another id", ['[1,0,[15,1,0,"[20,3,\\"hang\\"]"]]'], 4400],
    ["parts that join to a part", ['[1,0,[15,1,0,"[15,1,0,\\"x\\"]"]]'], 4400],
    ["a slice that is no text", ["[1,0,[15,1,1,7],[15,1,0,7]]"], 4400],
    ["another frame between the parts", [`[1,0,[15,1,1,"[20"],${open(1)}]`], 4400],
    [
      "parts of a frame over messageBytes",
      Array.from({ length: 4 }, (_, index) => `[${index + 1},0,[15,1,1,"${"x".repeat(32_000)}"]]`),
      4400,
    ],
  ])("%s", async (_, messages, code) => {
    const client = await RawClient.welcomed(url)
    for (const message of messages) client.sendRaw(message)
    expect((await client.closed).code).toBe(code)
    await witness.undisturbed()
  })

  test("what stands before the bad frame is applied, what stands behind it is not", async () => {
    const client = await RawClient.welcomed(url)
    client.sendText('[1,0,[20,1,"nowhere"],[27,1],[20,3,"nowhere"]]')
    await client.closed
    await expect(client.nextOf(18)).rejects.toThrow("closed")
    await book.find({
      message: "session ended",
      why: "protocol",
      reason: "frame 27 at this moment",
    })
    await witness.undisturbed()
  })
})

describe("a bad call fails alone", () => {
  const many = (count: number, path: string): unknown[] =>
    Array.from({ length: count }, (_, index) => [20, index * 2 + 1, path])

  test.each<[what: string, frames: readonly unknown[], answer: RawFrame]>([
    ["a path that nobody serves", [[20, 1, "nowhere"]], [18, 1, "NOT_FOUND", "no"]],
    ["a group's path", [[20, 1, "witness"]], [18, 1, "NOT_FOUND", "no"]],
    ["no path", [[20, 1, ""]], [18, 1, "NOT_FOUND", "no"]],
    ["a name of every object", [[20, 1, "constructor"]], [18, 1, "NOT_FOUND", "no"]],
    ["a prototype's name", [[20, 1, "__proto__"]], [18, 1, "NOT_FOUND", "no"]],
    ["a path below a procedure", [[20, 1, "add.call"]], [18, 1, "NOT_FOUND", "no"]],
    ["one call too many", many(5, "hang"), [18, 9, "BUSY", "no"]],
    ["one stream too many", many(4, "silent"), [18, 7, "BUSY", "no"]],
    ["an id that was given up before it was used", [[19, 1]], [18, 1, "CANCELLED", "no"]],
    [
      "a deadline that has passed",
      [[20, 1, "hang", { $: "u" }, null, { d: 0 }]],
      [18, 1, "TIMEOUT", "unknown"],
    ],
    [
      "a call that may have run before",
      [[20, 1, "add", 1, null, { u: 1 }]],
      [18, 1, "OUTCOME_UNKNOWN", "unknown"],
    ],
    [
      "a stream that may have run before",
      [[20, 1, "silent", null, null, { u: 1 }]],
      [18, 1, "STREAM_LOST", "unknown"],
    ],
  ])("%s", async (_, frames, answer) => {
    const client = await RawClient.welcomed(url)
    client.send([1, 0, ...frames])
    expect((await client.nextOf(18)).slice(0, 4)).toEqual(answer)
    client.send([0, 0, [4, 77]])
    expect(await client.nextOf(5)).toEqual([5, 77])
    await client.close()
    await witness.undisturbed()
  })

  test.each<[what: string, input: unknown, path: (string | number)[]]>([
    ["an input of another type", "text", []],
    ["a field of another type", { a: 1, b: "2" }, ["b"]],
    ["a field that is missing", { a: 1 }, ["b"]],
    ["no input", undefined, []],
    ["bytes for a number", { a: 1, b: { $: "b", v: "AAAA" } }, ["b"]],
  ])("VALIDATION says where: %s", async (_, input, path) => {
    const client = await RawClient.welcomed(url)
    client.send([1, 0, input === undefined ? [20, 1, "add"] : [20, 1, "add", input]])
    const [, id, code, executed, , data] = await client.nextOf(18)
    expect([id, code, executed]).toEqual([1, "VALIDATION", "no"])
    expect(data).toMatchObject({ issues: [{ path }] })
    await client.close()
    await witness.undisturbed()
  })

  test("a correct call works afterwards on the same session", async () => {
    const client = await RawClient.welcomed(url)
    client.send([1, 0, [20, 1, "nowhere"], [20, 3, "add", 7]])
    expect(await client.nextOf(18)).toEqual([18, 1, "NOT_FOUND", "no"])
    expect((await client.nextOf(18)).slice(0, 3)).toEqual([18, 3, "VALIDATION"])
    client.send([3, 0, [20, 5, "add", { a: 1, b: 2 }]])
    expect(await client.nextOf(17)).toEqual([17, 5, 3])
    await client.close()
  })
})

describe("what is only strange is taken", () => {
  test.each<[what: string, message: string]>([
    ["a kind of a later version", "[1,0,[64,1]]"],
    ["more elements than a frame has", '[1,0,[20,1,"echo",7,null,null,"later"]]'],
    ["an acknowledgement of nothing", "[0,0]"],
    ["a PONG that nobody asked for", "[0,0,[5,9]]"],
    ["an END for a channel that is closed", "[1,0,[19,1],[22,1]]"],
    ["a CREDIT for a call", '[1,0,[20,1,"hang"],[23,1,5]]'],
    ["a CANCEL of what is cancelled", "[1,0,[19,1],[19,1]]"],
    ["parts of an id that was given up", '[1,0,[19,1],[15,1,1,"[20"]]'],
    ["an event that nobody hears", '[1,0,[24,"nowhere",{}]]'],
  ])("%s", async (_, message) => {
    const client = await RawClient.welcomed(url)
    client.sendText(message)
    client.send([0, 0, [4, 77]])
    expect(await client.nextOf(5)).toEqual([5, 77])
    await client.close()
    await witness.undisturbed()
  })

  test("half of a surrogate pair comes back as it went", async () => {
    const client = await RawClient.welcomed(url)
    client.sendText('[1,0,[20,1,"echo","a\\ud800b"]]')
    expect(await client.nextOf(17)).toEqual([17, 1, "a\ud800b"])
    await client.close()
  })

  test("frames that were applied are dropped when they come again", async () => {
    const client = await RawClient.welcomed(url)
    client.sendText('[1,0,[20,1,"echo",1]]')
    expect(await client.nextOf(17)).toEqual([17, 1, 1])
    client.sendText('[1,0,[20,1,"echo",1],[20,3,"echo",2]]')
    expect(await client.nextOf(17)).toEqual([17, 3, 2])
    await client.close()
  })
})
