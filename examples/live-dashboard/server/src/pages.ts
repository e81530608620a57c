import { createReadStream } from "node:fs"
import { stat } from "node:fs/promises"
import type { IncomingMessage, ServerResponse } from "node:http"
import { extname, join, normalize, sep } from "node:path"
import { pipeline } from "node:stream"

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
}

/** The page loads nothing from elsewhere, and says so to the browser. */
const policy = "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'"

/** Answers with the built page's files, which are all in one folder. Nothing outside of it is read. */
export function pages(
  folder: string,
): (request: IncomingMessage, response: ServerResponse) => void {
  const root = normalize(folder)
  return (request, response) => void answer(root, request, response)
}

async function answer(
  root: string,
  { method, url = "/" }: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (method !== "GET" && method !== "HEAD") {
    response.writeHead(405, { allow: "GET, HEAD" }).end()
    return
  }
  const file = fileOf(root, url)
  const size = file === undefined ? undefined : await sizeOf(file)
  const type = file === undefined ? undefined : types[extname(file)]
  if (file === undefined || size === undefined || type === undefined) {
    response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n")
    return
  }
  response.writeHead(200, {
    "content-type": type,
    "content-length": size,
    // Vite puts a hash of the content into the names of its assets.
    "cache-control": url.startsWith("/assets/") ? "max-age=31536000, immutable" : "no-cache",
    "content-security-policy": policy,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  })
  if (method === "HEAD") response.end()
  else pipeline(createReadStream(file), response, () => {})
}

/** `undefined`: not in the folder, or not a path at all. */
export function fileOf(root: string, url: string): string | undefined {
  const path = decoded(url.split(/[?#]/, 1)[0] ?? "/")
  if (path === undefined || path.includes("\0")) return undefined
  const file = join(root, path.endsWith("/") ? `${path}index.html` : path)
  return file.startsWith(root + sep) ? file : undefined
}

function decoded(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

async function sizeOf(file: string): Promise<number | undefined> {
  try {
    const found = await stat(file)
    return found.isFile() ? found.size : undefined
  } catch {
    return undefined
  }
}
