import { type BrokerEngine, brokerCases } from "@trunkline/testing/conformance"
import { expect, test } from "vitest"
import { brokerAt, offer } from "../../server/test/programs/tcp-broker.js"
import { memoryEngine } from "./memory-engine.js"

/* The broker by which the rolling restart is shown is one: each node has a socket of its own to it. */

function tcpEngine(): BrokerEngine {
  const { connect, ...inner } = memoryEngine()
  const offered: { close(): void }[] = []
  return {
    ...inner,
    connect: async () => {
      const counter = await offer(await connect())
      offered.push(counter)
      return brokerAt(counter.port)
    },
    close: () => {
      for (const counter of offered) counter.close()
    },
  }
}

/** What cannot happen to a memory, nor be caused at a socket that is not opened again. */
const impossible = ["needs `rollBack`", "needs `lag`", "needs `disconnect`"]

test.each(brokerCases)("$name", async ({ run }) => {
  const { outcome, error } = await run(tcpEngine)
  if (outcome === "left out") expect(impossible).toContain(error?.message)
  else expect(error).toBeUndefined()
})
