import type { Mutant } from "./mutant.js"

/** Mistakes in what bounds all clients together. */
export const boundsMutants: readonly Mutant[] = [
  {
    name: "nobody makes room",
    noticedBy: ["S8"],
    within: 300,
    edits: [
      {
        module: "server/memory",
        text: "while (this.exceeded) {",
        planted: "while (this.used < 0) {",
      },
    ],
  },
  {
    name: "what a session held is not given back with it",
    noticedBy: ["S15"],
    within: 1_000,
    edits: [{ module: "server/memory", text: "this.used -= holder.held;", planted: "" }],
  },
  {
    name: "tokens do not come back",
    noticedBy: ["L1"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/bucket",
        text: "((now - this.#at) * this.rate) / 1_000",
        planted: "0",
      },
    ],
  },
  {
    name: "a place at the entrance is not given back",
    noticedBy: ["L1", "S8"],
    within: 1_000,
    edits: [
      {
        module: "server/entrance",
        text: "return () => this.#move(network, -1);",
        planted: "return () => {};",
      },
    ],
  },
  {
    name: "the sockets of a principal are never fewer",
    noticedBy: ["L1"],
    within: 1_000,
    edits: [
      {
        module: "server/sessions",
        text: "const left = this.#socketsOf(principal) - 1;",
        planted: "const left = this.#socketsOf(principal);",
      },
    ],
  },
  {
    name: "too much is taken for a breach",
    noticedBy: ["S17"],
    within: 3_000,
    edits: [
      {
        module: "protocol/session/session",
        text: 'error.code === TOO_MANY ? "overflow" : "protocol"',
        planted: '"protocol"',
      },
    ],
  },
]
