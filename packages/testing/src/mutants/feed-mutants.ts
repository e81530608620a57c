import type { Mutant } from "./mutant.js"

/** Mistakes of a node that reads a log for its streams. */
export const feedMutants: readonly Mutant[] = [
  {
    name: "a stream joins its node's ring one entry too late",
    noticedBy: ["S13", "S2"],
    within: 600,
    edits: [
      {
        module: "server/feed/ring",
        text: "this.#places.set(slot.cursor, slots.next);",
        planted: "this.#places.set(slot.cursor, slots.next + 1);",
      },
    ],
  },
  {
    name: "a stream joins its node's ring one entry too early",
    noticedBy: ["S13", "S2"],
    within: 600,
    edits: [
      {
        module: "server/feed/ring",
        text: "this.#places.set(slot.cursor, slots.next);",
        planted: "this.#places.set(slot.cursor, slots.next - 1);",
      },
    ],
  },
  {
    name: "a node that finds its broker again does not say what it missed",
    noticedBy: ["S13", "S2"],
    within: 600,
    edits: [
      {
        module: "server/feed/feed",
        text: "this.#take(ring, [{ gap, cursor: start }]);",
        planted: "ring.rename(start);",
      },
    ],
  },
  {
    name: "a node that finds its broker again goes on at the tip",
    noticedBy: ["S13", "S2"],
    within: 600,
    edits: [
      {
        module: "server/feed/feed",
        text: "await this.open(ring.tip)",
        planted: "await this.open(undefined)",
      },
    ],
  },
  {
    name: "a stream begins behind a gap and is not told",
    noticedBy: ["S13", "S2"],
    within: 600,
    edits: [
      {
        module: "server/feed/feed-reader",
        text: "this.#page.push(new FeedGap(checkedCursor(start)));",
        planted: "this.position = start;",
      },
    ],
  },
]
