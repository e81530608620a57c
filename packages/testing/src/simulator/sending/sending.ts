/** Uploads and duplexes in the simulator: what is drawn, served, done, and has to hold of them. */
import { type Client, isRpcError } from "@trunkline/client"
import { duplex, RpcError, upload } from "@trunkline/contract"
import * as limits from "@trunkline/protocol/limits"
import * as z from "zod"
import type { Account, Entry, Settlement } from "../ledger.js"
import type { Process } from "../process.js"
import { must } from "../violation.js"
import type { SendOperation, SentItems } from "./send-operation.js"

const Input = z.object({
  id: z.number(),
  gap: z.number(),
  handler: z.string(),
  some: z.number(),
})
const Up = z.object({ n: z.number().positive(), filler: z.string() })
const Echo = z.object({ run: z.number(), n: z.number() })

/** The part of the service that takes items. */
export const sendApi = {
  upload: upload({
    input: Input,
    item: Up,
    output: z.object({ id: z.number(), run: z.number(), count: z.number() }),
  }),
  duplex: duplex({ input: Input, up: Up, down: Echo }),
}

interface SendRequest {
  readonly input: z.infer<typeof Input>
  readonly items: AsyncIterable<z.infer<typeof Up>>
  readonly signal: AbortSignal
}

interface Served {
  readonly entry: Entry
  readonly sending: SentItems
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>
  /** What a handler must find true; it is no place to throw. */
  readonly demand: typeof must
}

/** S8: what is on its way or waits at the handler, one that waits for room, and one in the making. */
const mostAhead = limits.creditWindow.every + 2

/** Reads as the scenario says. Behind its signal no item comes any more, though that all had come is true (S12). */
async function* take(
  { input, items, signal }: SendRequest,
  { entry, sending, sleep, demand }: Served,
): AsyncGenerator<number, void> {
  const most = input.handler === "all" ? Number.POSITIVE_INFINITY : input.some
  const reading = items[Symbol.asyncIterator]()
  for (let count = 0; count < most; count++) {
    const late = signal.aborted
    const step = await reading.next()
    demand(!late || step.done === true, "S12", () => `${input.id} was read on behind its signal`)
    if (step.done) {
      sending.told.push(entry.run)
      return
    }
    const ahead = sending.asked - count
    demand(ahead <= mostAhead, "S8", () => `the source of ${input.id} is ${ahead} items ahead`)
    sending.taken.push({ run: entry.run, n: step.value.n })
    await sleep(input.gap, signal)
    yield step.value.n
  }
  if (input.handler === "throw") throw new Error("as the scenario says")
  if (input.handler === "hang") await sleep(300_000, signal)
}

export async function serveUpload(
  request: SendRequest,
  served: Served,
): Promise<{ id: number; run: number; count: number }> {
  const { entry } = served
  let count = 0
  try {
    for await (const _ of take(request, served)) count++
    return { id: request.input.id, run: entry.run, count }
  } finally {
    entry.ended = true
  }
}

export async function* serveDuplex(
  request: SendRequest,
  served: Served,
): AsyncGenerator<z.infer<typeof Echo>, void> {
  const { entry } = served
  try {
    for await (const n of take(request, served)) yield { run: entry.run, n }
  } finally {
    entry.ended = true
  }
}

/** A middleware's word on it: it takes nothing, and may be asked again. */
export function mayBegin(handler: string): void {
  if (handler === "refuse") throw new RpcError("UNAVAILABLE")
}

/** Does what the operation says, and gives what came of it. */
export async function send(
  client: Client<typeof sendApi>,
  operation: SendOperation,
  account: Account,
  process: Process,
): Promise<unknown> {
  const { id, handler, some, handlerGap: gap, cancelAfter, procedure } = operation
  const controller = new AbortController()
  const { signal } = controller
  const input = { id, gap, handler, some }
  if (cancelAfter !== undefined) {
    process.run(process.now() + cancelAfter, () => {
      account.leftAt ??= process.now()
      controller.abort()
    })
  }
  const source = sourceOf(operation, account, process)
  if (procedure === "upload") return client.upload(input, source, { signal })
  const stream = client.duplex(input, { signal })
  void type(stream, source, () => {
    account.leftAt ??= process.now()
    stream.cancel()
  })
  await read(stream, operation, account, process)
  return undefined
}

async function* sourceOf(
  { items, gap, size, wrong, breaks }: SendOperation,
  { sending }: Account,
  process: Process,
): AsyncGenerator<z.infer<typeof Up>, void> {
  if (!sending) return
  sending.sourceOpen = true
  try {
    for (let n = 1; n <= items; n++) {
      sending.asked = n
      if (gap > 0) await pause(process, gap)
      if (n === breaks) throw new Error("as the scenario says")
      yield { n: n === wrong ? -n : n, filler: "x".repeat(size) }
    }
  } finally {
    sending.sourceOpen = false
  }
}

type Duplex = ReturnType<Client<typeof sendApi>["duplex"]>

/** Whatever ends it is heard by the reader too. */
async function type(
  stream: Duplex,
  source: AsyncGenerator<z.infer<typeof Up>, void>,
  leave: () => void,
): Promise<void> {
  try {
    for await (const item of source) await stream.send(item)
    stream.finish()
  } catch (error) {
    if (!isRpcError(error)) leave()
  }
}

async function read(
  stream: Duplex,
  { leaveAfter, readerGap }: SendOperation,
  account: Account,
  process: Process,
): Promise<void> {
  for await (const echo of stream) {
    account.sending?.echoed.push(echo)
    if (account.sending?.echoed.length === leaveAfter) {
      account.leftAt ??= process.now()
      return
    }
    if (readerGap > 0) await pause(process, readerGap)
  }
}

function pause(process: Process, milliseconds: number): Promise<void> {
  return new Promise((resolve) => process.run(process.now() + milliseconds, resolve))
}

/** Codes with which a failed upload or duplex may leave open what its handler did. */
export const sendingDoubts: readonly (string | undefined)[] = ["VALIDATION", "INTERNAL"]

/**
 * What reached a handler is what was sent, from the first item on, each once and in order (S2); it was told
 * of an end only where there was one; and the outcome is of that very run (S3).
 */
export function checkSending(account: Account, operation: SendOperation): void {
  const { sending, entries, settlements } = account
  if (!sending) return
  const { id, handler, items } = operation
  for (const { run } of entries) {
    const taken = sending.taken.filter((one) => one.run === run)
    checkRun(taken, operation, sending, "took")
    checkRun(
      sending.echoed.filter((one) => one.run === run),
      operation,
      sending,
      "was echoed",
    )
    const whole = taken.length === items || !sending.told.includes(run)
    must(whole, "S2", () => `${id} was told of its end after ${taken.length} of ${items}`)
  }
  const [settlement] = settlements
  must(!sending.sourceOpen, "S15", () => `the source of ${id} was not left`)
  if (!settlement?.ok || account.leftAt !== undefined) return
  checkSuccess(account, settlement, operation, sending)
  must(handler !== "throw" || items < operation.some, "S3", () => `${id} threw, and succeeded`)
}

function checkRun(
  records: readonly { readonly n: number }[],
  { id }: SendOperation,
  { asked }: SentItems,
  verb: string,
): void {
  for (const [index, { n }] of records.entries()) {
    must(n === index + 1, "S2", () => `${id} ${verb} ${n} as its item ${index + 1}`)
  }
  must(records.length <= asked, "S2", () => `${id} ${verb} more than was sent`)
}

function checkSuccess(
  { entries }: Account,
  { value }: Settlement,
  { id, procedure, handler, items, some, breaks }: SendOperation,
  { taken, echoed }: SentItems,
): void {
  const { id: of, run = entries[0]?.run, count } = Object(value)
  const got = taken.filter((one) => one.run === run).length
  const expected = handler === "all" ? items : Math.min(items, some)
  if (procedure === "upload") {
    must(of === id, "S3", () => `${id} got the result of ${of}`)
    must(count === got, "S3", () => `${id} took ${got} and tells of ${count}`)
  } else if (breaks === undefined) {
    must(echoed.length === expected, "S2", () => `${id} ended after ${echoed.length} echoes`)
  }
  must(got === expected || breaks !== undefined, "S2", () => `${id} took ${got} of ${expected}`)
}
