import { callUser } from "./call-user.js"
import type { Host } from "./host.js"

/** Longer waits overflow a timer. */
const longestTimer = 2_147_483_647

/** The runtime we run in: Node, a browser, or anything that has their timers and Web Crypto. */
export const systemHost: Host = {
  now: () => performance.now(),
  wall: () => Date.now(),
  random: (length) => crypto.getRandomValues(new Uint8Array(length)),
  wakeAt,
  endOfTurn: endOfTurn(),
  async hash(text) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))
    const binary = String.fromCharCode(...new Uint8Array(digest))
    return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace("=", "")
  },
}

/** A timer may ring a little before its time by the clock, and a long one does by far: it waits again. */
function wakeAt(time: number, run: () => void, background = false): () => void {
  const wait = (): ReturnType<typeof setTimeout> => {
    const left = Math.min(Math.max(0, time - performance.now()), longestTimer)
    const timer = setTimeout(ring, Math.ceil(left))
    if (background) release(timer)
    return timer
  }
  const ring = (): void => {
    if (performance.now() < time) timer = wait()
    else run()
  }
  let timer = wait()
  return () => clearTimeout(timer)
}

/** In a browser a timer is a number, and keeps nothing alive. */
function release(timer: unknown): void {
  if (typeof timer !== "object" || timer === null || !("unref" in timer)) return
  if (typeof timer.unref === "function") timer.unref()
}

/**
 * A tick that a microtask asks for comes when no microtask is left, so it sees everything that chains of
 * promises brought; a microtask would come after the first of them and batch nothing. Browsers have no
 * such thing, and the message of a channel comes nearest to it: timers wait for milliseconds.
 *
 * Whoever waits for the same end shares one tick: a server that publishes has a thousand who do.
 */
function endOfTurn(): Host["endOfTurn"] {
  let waiting: (() => void)[] = []
  const callAll = (): void => {
    const runs = waiting
    waiting = []
    for (const run of runs) callUser(run)
  }
  const ask = asking(callAll)
  return (run) => {
    if (waiting.push(run) === 1) ask()
  }
}

/** How to have a function called at the end of the turn. */
function asking(call: () => void): () => void {
  const nextTick = nodeNextTick()
  if (nextTick) return () => queueMicrotask(() => nextTick(call))
  const channel = new MessageChannel()
  channel.port1.onmessage = call
  return () => channel.port2.postMessage(0)
}

function nodeNextTick(): ((run: () => void) => void) | undefined {
  const process: unknown = Reflect.get(globalThis, "process")
  if (typeof process !== "object" || process === null || !("nextTick" in process)) return undefined
  const { nextTick } = process
  return typeof nextTick === "function" ? (run) => void nextTick(run) : undefined
}
