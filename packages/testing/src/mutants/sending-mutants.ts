import type { Mutant } from "./mutant.js"

/** Mistakes about what callers send, and whoever reads it. */
export const sendingMutants: readonly Mutant[] = [
  {
    name: "a handler whose caller has gone is told that it has read everything",
    noticedBy: ["S2"],
    within: 300,
    edits: [
      {
        module: "endpoint/dispatch/caller-items",
        text: "if (this.#left || this.#complete)\n            return Promise.resolve(done);",
        planted:
          "if (this.#left || this.#complete || this.#reason)\n            return Promise.resolve(done);",
      },
    ],
  },
  {
    name: "an upload goes on in another session, from where its source stands",
    // S8: the handler that is entered anew has taken nothing of all that its source has given.
    noticedBy: ["S1", "S2", "S8"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/loss",
        text: "if (channel.lane && (received || channel.doubt || channel.lane.credited)) {",
        planted: "if (channel.lane && channel.id < 0) {",
      },
      {
        module: "endpoint/dispatch/dispatcher",
        text: "default:\n            return streamLost;",
        planted: "default:\n            return undefined;",
      },
    ],
  },
  {
    name: "END drops the items that wait before it",
    noticedBy: ["S2"],
    within: 300,
    edits: [
      {
        module: "protocol/session/calling",
        text: "if (!lane || gone || lane.closing)\n            return;\n        lane.close();",
        planted:
          "if (!lane || gone || lane.closing)\n            return;\n        lane.kill();\n        lane.close();",
      },
    ],
  },
  {
    name: "a source is not left when nobody wants more of it",
    noticedBy: ["S15"],
    within: 300,
    edits: [{ module: "endpoint/calls/upload", text: "await source?.return?.();", planted: "" }],
  },
  {
    name: "a source is asked without room for what it gives",
    noticedBy: ["S8"],
    within: 300,
    edits: [
      {
        module: "endpoint/calls/upload",
        text: "while (!this.#over && (this.channel?.lane?.room() ?? 0) <= 0) {",
        planted: "while (!this.#over && !this.channel?.lane?.credited) {",
      },
    ],
  },
  {
    name: "a duplex that its handler has ended waits for its caller",
    noticedBy: ["L1"],
    within: 3_000,
    edits: [
      {
        module: "endpoint/calls/channel-duplex",
        text: 'this.#close(this.#failure("CLOSED", "the other side has ended"));\n            this.writable();',
        planted: 'this.#close(this.#failure("CLOSED", "the other side has ended"));',
      },
    ],
  },
  {
    name: "the second END leaves a duplex open at its callee",
    noticedBy: ["S12"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/serving",
        text: 'if (channel.state === "closed")\n            this.forget(channel);',
        planted: "",
      },
    ],
  },
  {
    name: "a caller is let on by what has arrived, and not by what was taken",
    noticedBy: ["S8"],
    within: 300,
    edits: [
      {
        module: "protocol/flow/inflow",
        text: "return this.#received + this.window - this.queued;",
        planted: "return this.#received + this.window;",
      },
    ],
  },
]
