import type { Mutant } from "./mutant.js"

/** Mistakes about who somebody is, and for how long he is believed. */
export const rightsMutants: readonly Mutant[] = [
  {
    name: "a token is believed after it has run out",
    noticedBy: ["S10"],
    within: 10_000,
    edits: [
      {
        module: "protocol/session/token-term",
        text: "now + exp + durations.tokenSlack",
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
]
