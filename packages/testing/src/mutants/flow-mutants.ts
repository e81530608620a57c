import type { Mutant } from "./mutant.js"

/** Mistakes in credit, windows and turns. */
export const flowMutants: readonly Mutant[] = [
  {
    name: "credit is never granted",
    noticedBy: ["L1"],
    within: 300,
    edits: [
      {
        module: "protocol/session/grant",
        text: "context.scheduler.push(new CreditFrame(context, receiver));",
        planted: "",
      },
    ],
  },
  {
    name: "items are sent beyond their credit",
    noticedBy: ["S8", "S17"],
    within: 300,
    edits: [
      {
        module: "protocol/flow/lane",
        text: "const most = room > 0 ? this.#allowed - this.#sent : 0;",
        planted: "const most = room > 0 ? this.#allowed - this.#sent + 1 : 0;",
      },
    ],
  },
  {
    name: "credit for large items waits until half the window was taken",
    noticedBy: ["L1"],
    within: 300,
    edits: [
      {
        module: "protocol/flow/inflow",
        text: "return taken > 0 && this.#takenMark - this.#grantedMark >= streamUnits / 2;",
        planted: "return false;",
      },
    ],
  },
  {
    name: "the window is not heeded",
    noticedBy: ["S6"],
    within: 300,
    edits: [
      {
        module: "protocol/session/outgoing",
        text: "while (this.#outbox.units < peer.window) {",
        planted: "while (peer.window > 0) {",
      },
    ],
  },
  {
    name: "a lossy stream keeps the oldest value",
    noticedBy: ["S11"],
    within: 300,
    edits: [
      {
        module: "protocol/flow/backlog",
        text: "this.#values.set(key, value);",
        planted: "this.#values.set(key, replaced ?? value);",
      },
    ],
  },
  {
    name: "dropped values are counted once too few",
    noticedBy: ["S11"],
    within: 300,
    edits: [
      {
        module: "protocol/flow/lane",
        text: "lossy.dropped = 0;",
        planted: "lossy.dropped = 1;",
      },
    ],
  },
  {
    name: "large values go ahead of small ones",
    noticedBy: ["L3"],
    within: 300,
    edits: [
      {
        module: "protocol/flow/scheduler",
        text: "const ringFirst = this.#run >= fifoUnits && this.#ring.length > 0;",
        planted: "const ringFirst = this.#ring.length > 0;",
      },
    ],
  },
]
