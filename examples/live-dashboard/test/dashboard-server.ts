import { type ChildProcess, execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const example = fileURLToPath(new URL("..", import.meta.url))

/** Builds the page as `npm start` does. */
export async function buildPage(): Promise<void> {
  const web = `${example}web`
  await promisify(execFile)(
    process.execPath,
    ["node_modules/vite/bin/vite.js", "build", "--logLevel", "error"],
    // As outside of a test: with NODE_ENV it would be a development build.
    { cwd: web, env: { PATH: process.env["PATH"] } },
  )
}

/** The dashboard's server in a process of its own, which a test can kill and start again. */
export class DashboardServer {
  readonly #imports: readonly string[]
  readonly #store: string | undefined
  #process: ChildProcess | undefined
  /** Free at first; once it was chosen it stays. */
  #port = 0

  /**
   * @param system what it takes the machine for, if not for what it is
   * @param store a folder in which alerts and notes outlive it
   */
  constructor(system?: NodeJS.Platform, store?: string) {
    this.#store = store
    const code = `Object.defineProperty(process, "platform", { value: "${system}" })`
    this.#imports = system === undefined ? [] : importing(code)
  }

  get url(): string {
    return `http://localhost:${this.#port}/`
  }

  /** @param ahead seconds by which its clock is fast, as if so much time had gone by meanwhile */
  async start(ahead = 0): Promise<void> {
    const { PATH } = process.env
    const code = `const { now } = Date; Date.now = () => now() + ${ahead * 1_000}`
    const clock = ahead === 0 ? [] : importing(code)
    const env = { PATH, PORT: String(this.#port), SAMPLE_EVERY: "100", STORE: this.#store }
    const flags = [...this.#imports, ...clock]
    const started = spawn(process.execPath, [...flags, `${example}server/dist/main.js`], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    })
    this.#process = started
    const [line] = await once(createInterface(started.stdout), "line")
    this.#port = Number(/:(\d+)$/.exec(String(line))?.[1])
  }

  /** As a machine that loses its power. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL")
  }

  /** Asks it to leave. Gives its exit code. */
  stop(): Promise<number | null> {
    return this.#end("SIGTERM")
  }

  async #end(signal: "SIGKILL" | "SIGTERM"): Promise<number | null> {
    const ending = this.#process
    if (!ending || ending.exitCode !== null || ending.signalCode !== null) return null
    const exit = once(ending, "exit")
    ending.kill(signal)
    const [code] = await exit
    return typeof code === "number" ? code : null
  }
}

/** Runs the code before the server's own. */
function importing(code: string): readonly string[] {
  return ["--import", `data:text/javascript,${encodeURIComponent(code)}`]
}
