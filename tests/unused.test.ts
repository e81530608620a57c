import { it } from "vitest"
import { node } from "./support/command.js"

it("nothing is kept that nobody uses: no file, no export, no dependency", async () => {
  await node(["node_modules/knip/bin/knip.js", "--no-progress", "--treat-config-hints-as-errors"])
}, 60_000)
