import { call, contract, subscription } from "@trunkline/contract"
import * as z from "zod"
import { Alert, mostRules, Rule, RuleId, RuleInput } from "./alerts.js"
import { Machine, ProcessChange, Pulse, Sample } from "./machine.js"
import { mostNotes, Note, NoteChange, NoteId, NoteInput, Viewer, ViewerName } from "./people.js"

export * from "./alerts.js"
export * from "./machine.js"
export * from "./metrics.js"
export * from "./people.js"

/**
 * Everything that the page and its server say to each other. Alerts and notes stand in logs: after a
 * restart of the server they go on where the page was, if the log outlived it. All other streams begin
 * anew (`restart: "fresh"`): each one opens with all that a page needs to be right again.
 */
export const dashboard = contract({
  /** What this machine is, and what it cannot tell about itself. */
  machine: call({ output: Machine, idempotency: "safe" }),

  /**
   * The measurements of the last minutes and then each new one: none is missing and none comes twice.
   * Nothing may be skipped, so a reader that stops is waited for, until the server's own memory of the
   * last minutes is at its end.
   */
  samples: subscription({
    item: Sample,
    errors: { FELL_BEHIND: null },
    delivery: "every",
    restart: "fresh",
  }),

  /** How busy each core is, a few times a second. Only the newest value is worth sending. */
  pulse: subscription({ item: Pulse, delivery: "latest", restart: "fresh" }),

  /** The process table: all of it first, then each row that changes. A slow reader skips to the newest of each row. */
  processes: subscription({
    item: ProcessChange,
    delivery: { conflate: "pid" },
    restart: "fresh",
  }),

  rules: {
    /** The rules as they stand, and again after each change. */
    list: subscription({ item: z.array(Rule).readonly(), delivery: "latest", restart: "fresh" }),
    /** Adds a rule that is watched from now on. */
    add: call({
      input: RuleInput,
      output: Rule,
      errors: { TOO_MANY_RULES: z.object({ most: z.literal(mostRules) }) },
    }),
    /** Gives a rule other terms. */
    change: call({
      input: z.object({ id: RuleId, rule: RuleInput }),
      output: Rule,
      errors: { RULE_UNKNOWN: z.object({ id: RuleId }) },
      idempotency: "idempotent",
    }),
    /** Removes a rule. Removing it twice does no harm. */
    remove: call({ input: z.object({ id: RuleId }), idempotency: "idempotent" }),
  },

  /**
   * The latest alerts and then each new one, in order. None is missed while its page is away; where some
   * are lost for good the page is told, and shows where.
   */
  alerts: subscription({
    item: Alert,
    replay: "topic",
    state: z.array(Alert).readonly(),
    onGap: "continue",
  }),

  notes: {
    /** The notes as they stand, newest first, and then each change: all of them again where some are lost. */
    changes: subscription({
      item: NoteChange,
      replay: "topic",
      state: z.array(Note).readonly(),
      onGap: "snapshot",
    }),
    /** Leaves a note for everybody who watches. */
    add: call({
      input: NoteInput,
      output: Note,
      errors: { BOARD_FULL: z.object({ most: z.literal(mostNotes) }) },
    }),
    /** Takes a note away. */
    remove: call({ input: z.object({ id: NoteId }), idempotency: "idempotent" }),
  },

  /** Who watches. Whoever reads this stream is one of them, for as long as it is open. */
  viewers: subscription({
    input: z.object({ name: ViewerName }),
    item: z.array(Viewer).readonly(),
    delivery: "latest",
    restart: "fresh",
  }),

  line: {
    /**
     * Destroys the caller's own TCP connection, with no close frame, as a cable that is pulled. The answer
     * comes over the next one.
     */
    cut: call({}),
    /** Has this server leave in good order, and another take over: pages move there without a break. */
    drain: call({ idempotency: "idempotent" }),
  },
})
