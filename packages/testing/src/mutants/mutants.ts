import { boundsMutants } from "./bounds.js"
import { feedMutants } from "./feed-mutants.js"
import { keyedMutants } from "./keyed-mutants.js"
import type { Mutant } from "./mutant.js"
import { sendingMutants } from "./sending-mutants.js"
import { topicMutants } from "./topic-mutants.js"

/** Each is a mistake that a protocol of this kind was seen to make, or is one line away from making. */
export const mutants: readonly Mutant[] = [
  ...boundsMutants,
  ...keyedMutants,
  {
    name: "a token is believed after it has run out",
    noticedBy: ["S10"],
    within: 10_000,
    edits: [
      {
        module: "protocol/session/session",
        text: "this.#context.now + exp + durations.tokenSlack",
        planted: "Number.POSITIVE_INFINITY",
      },
    ],
  },
  {
    name: "another user's token is taken for a session that is open",
    noticedBy: ["S9"],
    within: 10_000,
    edits: [
      {
        module: "server/server-session",
        text: "if (!same)",
        planted: "if (false)",
      },
    ],
  },
  {
    name: "whoever was believed before the revocation gets in after it",
    noticedBy: ["S10"],
    within: 10_000,
    edits: [
      {
        module: "server/server",
        text: "handshake.revoke(name);",
        planted: ";",
      },
    ],
  },
  {
    name: "a revocation forgets the sessions that wait for their client",
    noticedBy: ["S10"],
    within: 1_000,
    edits: [
      {
        module: "server/sessions",
        text: "identity.principal === principal);",
        planted:
          "identity.principal === principal).filter(({ driver }) => driver.session.attached);",
      },
    ],
  },
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
    name: "an answer to a later attempt forgets the one in doubt",
    noticedBy: ["S5"],
    within: 60_000,
    edits: [
      {
        module: "protocol/session/calling",
        text: 'if (outcome.ok || !channel.doubt || outcome.failure.executed !== "no")',
        planted: "if (channel)",
      },
    ],
  },
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
    name: "a call that came back refuses what its wire spoilt, again and again",
    noticedBy: ["S17"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/loss",
        text: "if (loss.breach && loss.rx !== undefined && isPoison(channel, outbox, loss.rx)) {",
        planted: "if (loss.breach && loss.rx === -1) {",
      },
    ],
  },
  {
    name: "another user's calls go into the next session",
    noticedBy: ["S9"],
    within: 300,
    edits: [
      {
        module: "protocol/session/loss",
        text: "if (loss.subjectChanged)",
        planted: "if (loss.subjectChanged && channel.id === -1)",
      },
    ],
  },
  {
    name: "a session is resumed without asking whose it is",
    noticedBy: ["S9"],
    within: 1_000,
    edits: [
      {
        module: "server/sessions",
        text: "if (!isOwner(newcomer, identity))",
        planted: "if (newcomer.shownHash === undefined)",
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
        module: "protocol/session/calling",
        text: "if (!this.events.delete(event))",
        planted: "if (!this.events.has(event))",
      },
    ],
  },
  {
    name: "an event goes on for another user",
    noticedBy: ["S9"],
    within: 4_000,
    edits: [
      {
        module: "protocol/session/session",
        text: "if (loss.subjectChanged)\n                return 1;",
        planted: "",
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
  ...topicMutants,
  ...sendingMutants,
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
  ...feedMutants,
]
