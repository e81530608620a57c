import type { Mutant } from "./mutant.js"

/** Mistakes with idempotency keys. */
export const keyedMutants: readonly Mutant[] = [
  {
    name: "a key is told to a store of another epoch",
    noticedBy: ["S1"],
    within: 1_000,
    edits: [
      {
        module: "protocol/session/doubt",
        text: "since.epoch !== moment.epoch",
        planted: "since.epoch === moment",
      },
    ],
  },
  {
    name: "the age of a key is read from the clock alone that stands still in sleep",
    noticedBy: ["S1"],
    within: 60_000,
    edits: [
      {
        module: "protocol/session/doubt",
        text: "Math.max(moment.now - since.now, moment.wall - since.wall)",
        planted: "moment.now - since.now",
      },
    ],
  },
  {
    name: "each attempt has a key of its own",
    noticedBy: ["S1"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/keys/keyed-call",
        text: "const id = doubtful ? first : channel.id;",
        planted: "const id = channel.id;",
      },
    ],
  },
  {
    name: "the key is of the session and not of the client",
    noticedBy: ["S1"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/keys/keyed-call",
        text: "JSON.stringify([session.principal, path, instance, id])",
        planted: "JSON.stringify([session.id, path, instance, id])",
      },
    ],
  },
  {
    name: "a lease is not renewed",
    noticedBy: ["S1", "S5"],
    within: 60_000,
    edits: [
      {
        module: "endpoint/keys/keys",
        text: "cancel = host.wakeAt(host.now() + durations.leaseRenewal, ring, true);",
        planted: "",
      },
    ],
  },
  {
    name: "a keyed handler ends with its session, as others do",
    noticedBy: ["S3", "S5"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/keys/keyed-call",
        text: 'if (code !== "CLOSED" || !this.#outlives())',
        planted: "",
      },
    ],
  },
  {
    name: "a store that had to forget does not know that it did",
    noticedBy: ["S1"],
    within: 60_000,
    edits: [
      {
        module: "server/memory-keys",
        text: "if (doubtful && this.#now < this.#forgetfulUntil)\n            return false;",
        planted: "",
      },
    ],
  },
  {
    name: "what has lapsed is run again, whatever the contract says",
    noticedBy: ["S1"],
    within: 60_000,
    edits: [
      {
        module: "server/memory-keys",
        text: 'if (claim.onCrash === "unknown")\n            return unknown;',
        planted: "",
      },
    ],
  },
  {
    name: "the handler is entered while its key is being claimed",
    noticedBy: ["S1", "S3"],
    within: 1_000,
    edits: [
      {
        module: "endpoint/keys/keyed-call",
        text: 'if (verdict.state !== "claimed")\n            return this.#settled(verdict);',
        planted: "",
      },
    ],
  },
]
