import type { Mutant } from "./mutant.js"

/** Mistakes of servers that leave, and of clients that move to another. */
export const leavingMutants: readonly Mutant[] = [
  {
    name: "resumes are refused while the server drains",
    noticedBy: ["S14", "L1"],
    within: 3_000,
    edits: [
      {
        module: "server/sessions",
        text: 'return { type: "resumed", session };',
        planted: 'return this.draining ? { type: "draining" } : { type: "resumed", session };',
      },
    ],
  },
  {
    name: "new calls go on to the server that leaves",
    noticedBy: ["S14"],
    within: 1_000,
    edits: [
      {
        module: "client/session-keeper",
        text: "this.driver.step((session) => session.hold());",
        planted: "",
      },
    ],
  },
  {
    name: "a server that leaves dispatches what comes afterwards",
    noticedBy: ["S14"],
    within: 3_000,
    edits: [
      { module: "protocol/session/serving", text: "if (this.refusing)", planted: "if (false)" },
    ],
  },
  {
    name: "a session is left without waiting for its calls",
    noticedBy: ["S14"],
    within: 300,
    edits: [
      {
        module: "protocol/session/session",
        text: "if (this.#over || this.#callee.binding + this.calling.binding > 0)",
        planted: "if (this.#over)",
      },
      { module: "protocol/session/session", text: "if (this.idle)", planted: "if (true)" },
    ],
  },
  {
    name: "a drain does not wait for streams that may not begin anew",
    noticedBy: ["S14"],
    within: 6_000,
    edits: [
      {
        module: "endpoint/dispatch/dispatcher",
        text: 'return procedure.restart === "fresh" || procedure.replay !== undefined;',
        planted: "return true;",
      },
    ],
  },
  {
    name: "what one session leaves open is forgotten when another took over",
    noticedBy: ["L1"],
    within: 1_000,
    edits: [
      {
        module: "client/connection",
        text: "this.#current.inherit(keeper.driver, keeper.loss(this.#current.subject, welcomed?.welcome));",
        planted: "",
      },
    ],
  },
  {
    name: "what still arrives for a stream that moved is delivered",
    noticedBy: ["S2", "S8", "S14", "S17"],
    within: 3_000,
    edits: [
      {
        module: "protocol/session/calling",
        text: "this.#channels.delete(id);\n            this.#context.scheduler.push(cancelFrame",
        planted: "this.#context.scheduler.push(cancelFrame",
      },
    ],
  },
]
