import type { Mutant } from "./mutant.js"

/** Mistakes about what becomes of calls and streams whose session is lost. */
export const lossMutants: readonly Mutant[] = [
  {
    name: "a tombstone tells of one frame too few",
    // S2: the stream that was opened before the spoilt call is taken for the culprit and ends.
    noticedBy: ["S1", "S2", "S17"],
    within: 1_000,
    edits: [
      {
        module: "server/sessions",
        text: "const { applied: rx } = session.driver.session;",
        planted: "const rx = Math.max(0, session.driver.session.applied - 1);",
      },
    ],
  },
  {
    name: "a stream begins without saying where",
    noticedBy: ["S2"],
    within: 300,
    edits: [
      {
        module: "protocol/session/serving",
        text: 'this.note(channel, "at", this.#context.codec.encode({ window, cursor }));',
        planted: "",
      },
    ],
  },
  {
    name: "a stream that was lost begins anew without a word",
    noticedBy: ["S2"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/dispatch/served-stream",
        text: 'serving.note(this.channel, "restarted");',
        planted: "{}",
      },
    ],
  },
  {
    name: "the doubt about an earlier attempt is not heeded",
    // S5: keyed calls that come back without their key are taken for each other, and fail with a code of `no`.
    noticedBy: ["S1", "S5"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/dispatch/dispatcher",
        text: "if (channel.meta?.u) {",
        planted: "if (channel.meta?.u === 2) {",
      },
    ],
  },
  {
    name: "what a lost session may have received is issued again without a doubt",
    noticedBy: ["S1", "S2"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/loss",
        text: 'return received ? "doubt" : "anew";',
        planted: 'return "anew";',
      },
    ],
  },
  {
    name: "what arrived before its client stayed away too long passes for lost on the line",
    noticedBy: ["S1", "S2"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/loss",
        text: 'if (!received && loss.why === "expired" && channel.inflow)',
        planted: 'if (loss.why === "expired" && channel.inflow)',
      },
    ],
  },
  {
    name: "an answer to a later attempt forgets the one in doubt",
    noticedBy: ["S5"],
    within: 60_000,
    edits: [
      {
        module: "protocol/session/doubt",
        text: 'if (failure.executed !== "no")',
        planted: "if (failure)",
      },
    ],
  },
  {
    name: "a call that came back refuses what its wire spoilt, again and again",
    noticedBy: ["S17"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/loss",
        text: 'if (loss.why === "protocol" && loss.rx !== undefined && isPoison(channel, outbox, loss.rx)) {',
        planted: "if (loss.rx === -1) {",
      },
    ],
  },
  {
    name: "what waits keeps the codec that it was written in",
    noticedBy: ["S6", "S9", "S17", "L1"],
    within: 2_000,
    edits: [
      {
        module: "protocol/session/calling",
        text: "if (spoken !== this.#context.codec && channel.input !== undefined) {",
        planted: "if (false) {",
      },
    ],
  },
]
