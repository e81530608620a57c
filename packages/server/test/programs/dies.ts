/*
 * Serves calls of each idempotency over a key store in another process, and prints which handlers it
 * enters. Its parameters: the port to listen at, that of the store, and whether handlers ever end.
 */
import { implement, serve } from "@trunkline/server"
import { listen } from "@trunkline/server/node"
import { type Name, service } from "./keyed-service.js"
import { reachKeys } from "./tcp-keys.js"

const [port, store, ends] = process.argv.slice(2)

const print = (line: string) => void process.stdout.write(`${line}\n`)

const handler =
  (name: Name) =>
  async ({ input, idempotencyKey }: { input: string; idempotencyKey: string | undefined }) => {
    print(`entered ${name} ${idempotencyKey ?? "-"}`)
    if (ends === "never") await new Promise(() => {})
    return `${input} by ${process.pid}`
  }

const server = serve(
  implement(service, {
    key: handler("key"),
    rerun: handler("rerun"),
    plain: handler("plain"),
    idempotent: handler("idempotent"),
    safe: handler("safe"),
  }),
  { keys: await reachKeys(Number(store)) },
)
const listening = await listen(server, { port: Number(port), hostname: "127.0.0.1" })
print(`listens ${listening.port}`)
