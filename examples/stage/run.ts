/**
 * What `npm run example <name>` starts: the example of that name, or without a name all that have a page,
 * behind a page that leads to them.
 */
import type { Server } from "@trunkline/server"
import { Stage } from "./stage.js"

/** Those with a page. `hello` has none: it is what the README shows, a server and a client. */
const examples: Readonly<Record<string, () => Promise<{ readonly server: Server }>>> = {
  chat: () => import("../chat/server.js"),
  editor: () => import("../editor/server.js"),
  game: () => import("../game/server.js"),
  notifications: () => import("../notifications/server.js"),
  ticker: () => import("../ticker/server.js"),
}

const [name] = process.argv.slice(2)
if (name === undefined) {
  await show("", Object.keys(examples))
} else if (name === "hello") {
  await import("../hello/server.js")
  await import("../hello/client.js")
} else if (Object.hasOwn(examples, name)) {
  await show(`${name}/`, [name])
} else {
  const names = ["hello", ...Object.keys(examples)].join(", ")
  process.stderr.write(`There is no example ${name}; there are ${names}.\n`)
  process.exitCode = 1
}

async function show(first: string, names: readonly string[]): Promise<void> {
  const stage = new Stage()
  for (const name of names) {
    const example = await examples[name]?.()
    if (example) await stage.put(name, example.server)
  }
  if (first === "") await stage.putIndex()
  const { PORT = "3000", HOST = "127.0.0.1" } = process.env
  const port = await stage.open(Number(PORT), HOST)
  process.stdout.write(`http://localhost:${port}/${first}\n`)
}
