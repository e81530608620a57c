import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

const worker = createRequire(import.meta.url).resolve("msw/mockServiceWorker.js")

/** The script that msw registers: `npx msw init` would copy it into the project instead. */
const mockServiceWorker = {
  name: "mock-service-worker",
  async generateBundle() {
    const source = await readFile(worker)
    this.emitFile({ type: "asset", fileName: "mockServiceWorker.js", source })
  },
  configureServer({ middlewares }) {
    middlewares.use("/mockServiceWorker.js", async (_, response) => {
      response.setHeader("content-type", "text/javascript").end(await readFile(worker))
    })
  },
}

export default defineConfig({
  plugins: [react(), mockServiceWorker],
  publicDir: "../web/public",
})
