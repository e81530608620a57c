import type { Contender } from "../contender.js"

/** Everybody who takes part, ours among them; ratios are to `base`. Code is loaded where it runs. */
export const contenders = {
  base: {
    title: "hand-written",
    packages: ["ws"],
    validates: "nothing",
    resumes: "no",
    holdsBack: "no",
    serve: async () => (await import("./base/server.js")).serve,
    dial: async () => (await import("./base/client.js")).dial,
  },
  trunkline: {
    title: "Trunkline",
    packages: ["@trunkline/server", "ws"],
    validates: "inputs, outputs, items",
    resumes: "calls and streams, numbered and acknowledged",
    holdsBack: "yes",
    serve: async () => (await import("./trunkline/server.js")).serve,
    dial: async () => (await import("./trunkline/client.js")).dial,
  },
  trpc: {
    title: "tRPC",
    packages: ["@trpc/server", "ws"],
    validates: "inputs, outputs; items where they are published",
    resumes: "streams that the application tracks itself; none here",
    holdsBack: "no",
    serve: async () => (await import("./trpc/server.js")).serve,
    dial: async () => (await import("./trpc/client.js")).dial,
  },
  orpc: {
    title: "oRPC",
    packages: ["@orpc/server", "ws"],
    validates: "inputs, outputs, items",
    resumes: "no",
    holdsBack: "no",
    serve: async () => (await import("./orpc/server.js")).serve,
    dial: async () => (await import("./orpc/client.js")).dial,
  },
  "socket.io": {
    title: "Socket.IO",
    packages: ["socket.io", "socket.io-client"],
    validates: "nothing",
    resumes: "no, unless connection state recovery is switched on",
    holdsBack: "no",
    serve: async () => (await import("./socket-io/server.js")).serve,
    dial: async () => (await import("./socket-io/client.js")).dial,
  },
} as const satisfies Record<string, Contender>

export type ContenderName = keyof typeof contenders

export const contenderNames: readonly ContenderName[] = [
  "base",
  "trunkline",
  "trpc",
  "orpc",
  "socket.io",
]

export function isContenderName(name: string): name is ContenderName {
  return name in contenders
}
