import type { Mutant } from "./mutant.js"

/** Mistakes in how frames are numbered, acknowledged and sent again, and whose line it is. */
export const sessionMutants: readonly Mutant[] = [
  {
    name: "an acknowledgement releases one frame too many",
    noticedBy: ["S6", "S1", "S2", "S17", "L1", "L2"],
    within: 300,
    edits: [
      {
        module: "protocol/flow/outbox",
        text: "while (this.acknowledged < number) {",
        planted: "while (this.acknowledged <= number) {",
      },
    ],
  },
  {
    name: "nothing is sent again after a resume",
    noticedBy: ["S6", "L1", "L2", "S17"],
    within: 300,
    edits: [
      {
        module: "protocol/session/session",
        text: "this.#replayed += this.#outgoing.retransmit();",
        planted: "",
      },
    ],
  },
  {
    name: "a frame counts as applied before it is",
    noticedBy: ["S1", "S17"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/session",
        text: "const charge = chargeOf(message, units);",
        planted: "const charge = chargeOf(message, units); inbox.applied = first + count - 1;",
      },
    ],
  },
  {
    name: "an acknowledgement of more than was applied",
    noticedBy: ["S6"],
    within: 300,
    edits: [
      {
        module: "protocol/session/inbox",
        text: "return this.applied;",
        planted: "return this.applied + 1;",
      },
    ],
  },
  {
    name: "no acknowledgement goes by itself",
    noticedBy: ["L1", "L2", "S6"],
    within: 300,
    edits: [
      {
        module: "protocol/session/inbox",
        text: "return this.#frames >= this.#mostFrames || this.#units >= this.#mostUnits || now >= this.dueAt;",
        planted: "return false;",
      },
    ],
  },
  {
    name: "an open is sent again for a caller who has gone",
    noticedBy: ["S7"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/outgoing",
        text: "if (!(numbered instanceof Opening) || !numbered.opener.gone)",
        planted: "if (numbered)",
      },
    ],
  },
  {
    name: "what is sent again is written anew",
    noticedBy: ["S7"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/outgoing",
        text: "if (!(numbered instanceof Opening) || !numbered.opener.gone)",
        planted:
          'if (frameOf(numbered).startsWith("[17,")) return frameOf(numbered).replace("17", "18");\n        if (!(numbered instanceof Opening) || !numbered.opener.gone)',
      },
    ],
  },
  {
    name: "a part is lost with its socket",
    noticedBy: ["S6", "S7", "S16", "S17", "L1"],
    within: 300,
    edits: [
      {
        module: "protocol/session/outgoing",
        text: "for (const numbered of this.#outbox)\n",
        planted:
          'for (const numbered of [...this.#outbox].filter((kept) => !frameOf(kept).startsWith("[15,")))\n',
      },
    ],
  },
  {
    name: "ids begin anew in the second session",
    noticedBy: ["S6"],
    within: 300,
    edits: [
      {
        module: "client/session-keeper",
        text: "driver.session.calling.nextId, codec",
        planted: "1, codec",
      },
    ],
  },
  {
    name: "an old socket is still heard, and duplicates are applied",
    noticedBy: ["S1", "S2", "S4", "S6", "S17"],
    within: 300,
    edits: [
      {
        module: "transport/driver",
        text: "if (transport === this.#transport)",
        planted: "if (transport)",
      },
      {
        module: "protocol/session/session",
        text: "for (let index = known; index < count; index++) {",
        planted: "for (let index = 0; index < count; index++) {",
      },
    ],
  },
  {
    name: "a late attempt takes the session from a later one",
    noticedBy: ["S6", "S9", "S17", "L1", "L2", "L4"],
    within: 60_000,
    edits: [
      {
        module: "server/sessions",
        text: "if (resume.attempt <= attempt) {",
        planted: "if (resume.attempt < 0) {",
      },
    ],
  },
  {
    name: "a session without a socket is kept for good",
    noticedBy: ["S12", "S15"],
    within: 300,
    edits: [
      {
        module: "server/server-session",
        text: "this.#cancelGrace = this.host.wakeAt(this.host.now() + grace, () => this.#expire());",
        planted: "",
      },
    ],
  },
  {
    name: "a silent socket is never given up",
    noticedBy: ["L1", "L2"],
    within: 300,
    edits: [
      {
        module: "protocol/session/session",
        text: 'if (verdict === "dead")',
        planted: 'if (verdict === "buried")',
      },
    ],
  },
  {
    name: "silence alone condemns a socket",
    noticedBy: ["L2"],
    within: 300,
    edits: [
      {
        module: "protocol/session/heartbeat",
        text: "if (this.#probedAt === undefined) {",
        planted: "if (this.#probedAt === -1) {",
      },
    ],
  },
  {
    name: "attempts to connect follow each other at once",
    noticedBy: ["L4"],
    within: 300,
    edits: [
      {
        module: "client/reconnect",
        text: "const wait = backoff(this.#failures, this.#random(), this.#backoff);",
        planted: "const wait = 1;",
      },
    ],
  },
  {
    name: "on msgpack one bad frame takes along those ahead of it",
    noticedBy: ["S17"],
    within: 3_000,
    edits: [
      {
        module: "protocol/codec/msgpack-reader",
        text: "else if (!this.#frame(message, index, inner))\n                break;",
        planted: "else message[index] = this.#any(inner);",
      },
    ],
  },
]
