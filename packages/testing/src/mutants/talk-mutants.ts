import type { Mutant } from "./mutant.js"

/** Mistakes with events, and with what servers ask their clients. */
export const talkMutants: readonly Mutant[] = [
  {
    name: "events of a lost session are not counted",
    noticedBy: ["S18"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/session",
        text: "let events = lost.#outbox.eventsAfter(loss.rx);",
        planted: "let events = 0;",
      },
    ],
  },
  {
    name: "events that are proven to have arrived are counted as lost",
    noticedBy: ["S18"],
    within: 4_000,
    edits: [
      {
        module: "protocol/session/session",
        text: "let events = lost.#outbox.eventsAfter(loss.rx);",
        planted: "let events = lost.#outbox.eventsAfter();",
      },
    ],
  },
  {
    name: "an event that was sent is sent again in the next session",
    noticedBy: ["S1", "S18", "L1"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/outgoing-events",
        text: "if (!this.#waiting.delete(event))",
        planted: "if (!this.#waiting.has(event))",
      },
    ],
  },
  {
    name: "an event that reaches no handler is not counted",
    noticedBy: ["S18"],
    within: 2_000,
    edits: [
      {
        module: "endpoint/dispatch/dispatcher",
        text: "counts.eventsDropped++;",
        planted: "return;",
      },
    ],
  },
  {
    name: "a server's calls wait for a next session",
    noticedBy: ["S4", "L1"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/session",
        text: 'this.#settleAll("STREAM_LOST");',
        planted: "",
      },
    ],
  },
  {
    name: "a server's call that was sent is said not to have been entered",
    noticedBy: ["S5"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/calling",
        text: 'this.#fail(channel, { code, executed: numbered ? "unknown" : "no" });',
        planted: 'this.#fail(channel, { code, executed: "no" });',
      },
    ],
  },
]
