import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { describe } from "vitest"

/** How one proxy is started and told to read its configuration again. */
export interface ProxyKind {
  readonly name: string
  /** The language of its block in the guide. */
  readonly language: string
  /** The whole configuration, around the guide's, on a port of its own. */
  configured(block: string, ports: Ports): string
  arguments(file: string): readonly string[]
  reload(child: ChildProcess, file: string): void
}

export interface Ports {
  readonly own: number
  readonly server: number
}

/** Old processes let their sockets go at once, so that a reload is felt. */
export const proxies: readonly ProxyKind[] = [
  {
    name: "nginx",
    language: "nginx",
    configured: (block, { own }) => `
      daemon off; worker_processes 1; worker_shutdown_timeout 100ms;
      pid nginx.pid; error_log stderr crit;
      events {}
      http {
        access_log off;
        client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
        uwsgi_temp_path uwsgi; scgi_temp_path scgi;
        ${block.replace("listen 80;", `listen 127.0.0.1:${own};`)}
      }`,
    arguments: (file) => ["-p", join(file, ".."), "-c", file],
    reload: (child) => void child.kill("SIGHUP"),
  },
  {
    name: "caddy",
    language: "caddyfile",
    configured: (block, { own }) =>
      `{\n  admin unix//${join(tmpdir(), `caddy-${own}.sock`)}\n  auto_https off\n}\n${block.replace("example.com {", `http://127.0.0.1:${own} {`)}`,
    arguments: (file) => ["run", "--adapter", "caddyfile", "--config", file],
    reload: (_, file) => {
      execFileSync("caddy", ["reload", "--force", "--adapter", "caddyfile", "--config", file], {
        stdio: "ignore",
      })
    },
  },
  {
    name: "haproxy",
    language: "haproxy",
    configured: (block, { own }) =>
      `global\n  hard-stop-after 100ms\n${block.replace("bind :80", `bind 127.0.0.1:${own}`)}`,
    arguments: (file) => ["-W", "-q", "-f", file],
    reload: (child) => void child.kill("SIGUSR2"),
  },
]

/**
 * `describe` for tests that need a program of the system. Where it is not installed they are left out,
 * and the end of the run names them; under CI its absence is a failure.
 */
export function describeWith(program: string): typeof describe.skip | typeof describe {
  const places = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin"]
  const installed = places.some((place) => existsSync(join(place, program)))
  if (!installed && process.env["CI"]) {
    throw new Error(`${program} is not installed; under CI no test may be left out`)
  }
  return describe.skipIf(!installed)
}

/** A proxy that runs on a port of its own before a server. */
export class RunningProxy {
  readonly port: number
  readonly #kind: ProxyKind
  readonly #folder: string
  readonly #file: string
  #child: ChildProcess

  private constructor(kind: ProxyKind, folder: string, file: string, port: number) {
    this.port = port
    this.#kind = kind
    this.#folder = folder
    this.#file = file
    this.#child = this.#run()
  }

  /** With the guide's configuration, in which the server is on another port. */
  static async start(kind: ProxyKind, block: string, server: number): Promise<RunningProxy> {
    const folder = await mkdtemp(join(tmpdir(), `${kind.name}-`))
    const own = await freePort()
    const led = block.replaceAll("127.0.0.1:8080", `127.0.0.1:${server}`)
    const file = join(folder, "proxy.conf")
    await writeFile(file, kind.configured(led, { own, server }))
    return new RunningProxy(kind, folder, file, own)
  }

  get url(): string {
    return `ws://127.0.0.1:${this.port}/rpc`
  }

  reload(): void {
    this.#kind.reload(this.#child, this.#file)
  }

  async restart(): Promise<void> {
    await this.#end()
    this.#child = this.#run()
  }

  async stop(): Promise<void> {
    await this.#end()
    await rm(this.#folder, { recursive: true, force: true })
  }

  #run(): ChildProcess {
    const path = `${process.env["PATH"]}${delimiter}/usr/sbin`
    const child = spawn(this.#kind.name, this.#kind.arguments(this.#file), {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, PATH: path, HOME: this.#folder, XDG_DATA_HOME: this.#folder },
    })
    let said = ""
    child.stderr.on("data", (data) => {
      said += data
    })
    // One that does not like its configuration says so and ends; nobody would connect.
    child.on("exit", (code) => child.killed || process.stderr.write(`${code}: ${said}`))
    return child
  }

  async #end(): Promise<void> {
    const exited = once(this.#child, "exit")
    if (this.#child.exitCode !== null) return
    this.#child.kill("SIGTERM")
    await exited
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await once(server.listen(0, "127.0.0.1"), "listening")
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === "object" && address ? address.port : 0
}
