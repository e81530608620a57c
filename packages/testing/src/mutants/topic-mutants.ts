import type { Mutant } from "./mutant.js"

/** Mistakes about logs, their cursors and whoever reads them. */
export const topicMutants: readonly Mutant[] = [
  {
    name: "a stream of a log does not say where it begins",
    noticedBy: ["S2", "S17"],
    within: 300,
    edits: [
      {
        module: "endpoint/dispatch/served-replay",
        text: "serving.begin(this.channel, policy, window, true, cursor)",
        planted: "serving.begin(this.channel, policy, window, true)",
      },
    ],
  },
  {
    name: "a stream goes on from what its reader has taken, and not from what waits for it",
    noticedBy: ["S2", "S8"],
    within: 2_000,
    edits: [
      {
        module: "protocol/session/calling",
        text: "channel.from = inflow.cursor ?? channel.from;",
        planted: "channel.from = inflow.taken ?? channel.from;",
      },
    ],
  },
  {
    name: "a page goes on from what has arrived, and not from what its reader has taken",
    noticedBy: ["S2"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/calls/channel-stream",
        text: "return this.channel?.inflow?.taken ?? this.#options.from;",
        planted: "return this.channel?.inflow?.cursor ?? this.#options.from;",
      },
    ],
  },
  {
    name: "a run's cursor is that of its last item but one",
    noticedBy: ["S2"],
    within: 1_000,
    edits: [
      {
        module: "protocol/flow/inflow",
        text: "this.cursor = cursors?.[values.length - 1] ?? this.cursor;",
        planted: "this.cursor = cursors?.[values.length - 2] ?? this.cursor;",
      },
    ],
  },
  {
    name: "where a stream begins is forgotten until its first item",
    noticedBy: ["S2"],
    within: 1_000,
    edits: [
      {
        module: "protocol/flow/inflow",
        text: "this.#replays = true;\n        this.cursor = cursor;\n        if (this.#queue.length === 0)",
        planted: "this.#replays = true;\n        if (this.#queue.length === 0)",
      },
    ],
  },
  {
    name: "a place beyond a gap is told before the gap",
    noticedBy: ["S2", "S13"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/dispatch/served-replay",
        text: "else if (continues)\n            this.#place(from ?? reader.start);",
        planted: "else this.#place(reader.position);",
      },
    ],
  },
  {
    name: "a gap is passed without a word",
    noticedBy: ["S13", "S2"],
    within: 300,
    edits: [
      {
        module: "endpoint/dispatch/served-replay",
        text: 'this.#note("gap", this.desk.callee.driver.session.codec.encode({ cursor }));',
        planted: "",
      },
    ],
  },
  {
    name: "a gap is passed where the contract has it end the stream",
    noticedBy: ["S2"],
    within: 300,
    edits: [
      {
        module: "endpoint/dispatch/served-replay",
        text: 'if (this.#procedure.onGap !== "continue")\n            return this.#lost();',
        planted: "",
      },
    ],
  },
  {
    name: "a lossy stream's gap overtakes the values before it",
    noticedBy: ["S13", "S2"],
    within: 5_000,
    edits: [
      {
        module: "endpoint/dispatch/served-replay",
        text: "if (this.channel.lane && !this.channel.lane.rest())",
        planted: "if (this.channel.lane === null)",
      },
    ],
  },
  {
    name: "the log is read from its end, and not from the cursor of the state",
    noticedBy: ["S13"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/dispatch/served-replay",
        text: "this.#open(source, cursor);",
        planted: "this.#open(source, undefined);",
      },
    ],
  },
  {
    name: "a cursor that was kept is not heeded",
    noticedBy: ["S2"],
    within: 300,
    edits: [
      {
        module: "endpoint/dispatch/served-replay",
        text: "const from = this.channel.meta?.f ?? undefined;",
        planted: "const from = undefined;",
      },
    ],
  },
  {
    name: "entries are skipped when the next are read",
    noticedBy: ["S13"],
    within: 300,
    edits: [
      {
        module: "endpoint/dispatch/served-replay",
        text: "this.#step = undefined;\n        this.#put = 0;",
        planted: "this.#step = undefined;",
      },
    ],
  },
  {
    name: "what replaces a value keeps the old one's cursor",
    noticedBy: ["S13"],
    within: 1_000,
    edits: [
      {
        module: "protocol/flow/backlog",
        text: "this.#cursors.set(key, cursor);",
        planted: "if (!this.#cursors.has(key))\n                this.#cursors.set(key, cursor);",
      },
    ],
  },
  {
    name: "the credit of a stream that goes on forgets what still waits",
    noticedBy: ["S8"],
    within: 5_000,
    edits: [
      {
        module: "protocol/session/calling",
        text: "channel.credit = Math.max(0, inflow.window - inflow.queued);",
        planted: "channel.credit = inflow.window;",
      },
    ],
  },
  {
    name: "a stream of a log is lost with its session",
    noticedBy: ["S2"],
    within: 300,
    edits: [
      {
        module: "endpoint/dispatch/dispatcher",
        text: 'return procedure.replay || procedure.restart === "fresh" ? undefined : streamLost;',
        planted: 'return procedure.restart === "fresh" ? undefined : streamLost;',
      },
    ],
  },
]
