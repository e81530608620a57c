import type { Encoded } from "@trunkline/protocol"
import { describe, expect, it } from "vitest"
import { type WebSocketLike, WebSocketTransport } from "./web-socket.js"

type Listener = (event: never) => void

/** A WebSocket whose other end is the test. */
class Socket implements WebSocketLike {
  readonly protocol = "trunkline.v1.json"
  readonly bufferedAmount = 7
  binaryType = "blob"
  readonly sent: unknown[] = []
  closed: unknown[] | undefined
  readonly #listeners = new Map<string, Listener>()

  addEventListener(type: string, listener: Listener): void {
    this.#listeners.set(type, listener)
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.sent.push(data)
  }

  close(...close: unknown[]): void {
    this.closed = close
  }

  emit(type: string, event: object = {}): void {
    const listener = this.#listeners.get(type)
    if (!listener) throw new Error(`nobody listens to ${type}`)
    Reflect.apply(listener, undefined, [event])
  }
}

function transporting() {
  const socket = new Socket()
  const told: unknown[] = []
  const transport = new WebSocketTransport(socket, () => void told.push("opened"))
  const listen = () =>
    transport.listen({
      message: (wire: Encoded) => void told.push(wire),
      closed: (code, reason) => void told.push([code, reason]),
    })
  return { socket, told, transport, listen }
}

describe("a WebSocket as a transport", () => {
  it("hands on what arrives, text and bytes", () => {
    const { socket, told, listen } = transporting()
    listen()
    socket.emit("open")
    socket.emit("message", { data: "[0,0]" })
    socket.emit("message", { data: new Uint8Array([1, 2]).buffer })
    socket.emit("message", { data: new Blob([]) })
    socket.emit("close", { code: 1001, reason: "going" })
    expect(told).toEqual(["opened", "[0,0]", new Uint8Array([1, 2]), [1001, "going"]])
  })

  it("asks for bytes as array buffers, and tells what the socket does", () => {
    const { socket, transport } = transporting()
    expect([socket.binaryType, transport.protocol, transport.buffered]).toEqual([
      "arraybuffer",
      "trunkline.v1.json",
      7,
    ])
  })

  it("sends what it is given", () => {
    const { socket, transport } = transporting()
    transport.send("[0,0]")
    expect(socket.sent).toEqual(["[0,0]"])
  })

  it("says nothing to nobody, and of errors only their close", () => {
    const { socket, told, listen } = transporting()
    socket.emit("message", { data: "early" })
    listen()
    socket.emit("error")
    expect(told).toEqual([])
  })

  it.each<[what: string, event: object, reason: string, told: string]>([
    [
      "an error's message",
      { message: "connect ECONNREFUSED", error: {} },
      "",
      "connect ECONNREFUSED",
    ],
    ["else its code", { message: "", error: { code: "ECONNREFUSED" } }, "", "ECONNREFUSED"],
    ["of a browser nothing", {}, "", ""],
    ["what the close says itself", { message: "less" }, "more", "more"],
  ])("gives the reason of a close: %s", (_, event, reason, reasonTold) => {
    const { socket, told, listen } = transporting()
    listen()
    socket.emit("error", event)
    socket.emit("close", { code: 1006, reason })
    expect(told).toEqual([[1006, reasonTold]])
  })

  it("closed by us tells no more, and cuts a long reason", () => {
    const { socket, told, transport, listen } = transporting()
    listen()
    transport.close(4400, "x".repeat(999))
    expect(socket.closed).toEqual([4400, "x".repeat(123)])
    socket.emit("message", { data: "late" })
    socket.emit("close", { code: 4400, reason: "" })
    expect(told).toEqual([])
  })
})
