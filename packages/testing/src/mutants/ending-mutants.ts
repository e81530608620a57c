import type { Mutant } from "./mutant.js"

/** Mistakes in how a call ends, and what is said of it. */
export const endingMutants: readonly Mutant[] = [
  {
    name: "executed is guessed from having been called",
    noticedBy: ["S5"],
    within: 300,
    edits: [
      {
        module: "endpoint/dispatch/served",
        text: 'return this.#ended ? "yes" : "unknown";',
        planted: 'return "yes";',
      },
    ],
  },
  {
    name: "a handler counts as entered only once it has ended",
    noticedBy: ["S5"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/dispatch/served",
        text: "if (!this.#entered)",
        planted: "if (!this.#ended)",
      },
    ],
  },
  {
    name: "a handler's failure overtakes its items",
    noticedBy: ["S4"],
    within: 300,
    edits: [
      {
        module: "protocol/session/serving",
        text: "if (!lane)\n            return this.kill(channel, failure);",
        planted: "return this.kill(channel, failure);",
      },
    ],
  },
  {
    name: "a channel stays open after its terminal frame",
    noticedBy: ["S4", "S12", "S17"],
    within: 300,
    edits: [
      {
        module: "protocol/session/serving",
        text: "this.#close(channel);\n        this.#replies.send(",
        planted: "this.#replies.send(",
      },
    ],
  },
  {
    name: "a cancel is answered when the handler ends",
    noticedBy: ["S12", "S15"],
    within: 300,
    edits: [
      {
        module: "endpoint/dispatch/served",
        text: 'if (code !== "CLOSED")\n            this.kill({ code, executed });',
        planted: "",
      },
    ],
  },
  {
    name: "a deadline is not kept by the caller",
    noticedBy: ["L1"],
    within: 300,
    edits: [
      {
        module: "protocol/session/calling",
        text: 'if (now >= channel.request.deadline)\n                this.giveUp(channel, "TIMEOUT");',
        planted:
          "if (now >= channel.request.deadline) this.live.set(channel, Number.POSITIVE_INFINITY);",
      },
    ],
  },
]
