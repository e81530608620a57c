import { type Handlers, type Router, scope } from "@trunkline/server"
import {
  dashboard,
  type Machine,
  mostNotes,
  mostRules,
  type Sample,
} from "@trunkline-example/dashboard-contract"
import type { AlertRules } from "./alert-rules.js"
import type { History } from "./history.js"
import type { NoteBoard } from "./note-board.js"
import type { ProcessTable } from "./process-table.js"
import type { Pulse } from "./pulse.js"
import type { Viewers } from "./viewers.js"

/** What the procedures are about. */
export interface Parts {
  readonly machine: Machine
  readonly samples: History<Sample>
  readonly pulse: Pulse
  /** `undefined` where the system does not list its processes. */
  readonly processes: ProcessTable | undefined
  readonly rules: AlertRules
  readonly alerts: Handlers<typeof dashboard>["alerts"]
  readonly noteChanges: Handlers<typeof dashboard>["notes"]["changes"]
  readonly notes: NoteBoard
  readonly viewers: Viewers
  /** Has another server take over. */
  readonly drain: () => void
}

/** What is known of a caller. */
export interface Caller {
  /** Destroys the socket that it came by last. */
  readonly cut: () => void
}

/** The contract with a handler for each procedure. */
export function routerOf(parts: Parts): Router<Caller> {
  const { machine, samples, pulse, processes, rules, notes, viewers } = parts
  return scope<Caller>().implement(dashboard, {
    machine: () => machine,

    samples: ({ signal, errors }) => samples.follow(signal, errors.FELL_BEHIND),
    pulse: pulse.topic,
    processes: ({ signal }) => processes?.watch(signal) ?? nothing(),

    rules: {
      list: ({ signal }) => rules.list.watch(signal),
      add: ({ input, errors }) => {
        if (rules.list.value.length >= mostRules) throw errors.TOO_MANY_RULES({ most: mostRules })
        return rules.add(input)
      },
      change: ({ input: { id, rule }, errors }) => {
        const changed = rules.change(id, rule)
        if (!changed) throw errors.RULE_UNKNOWN({ id })
        return changed
      },
      remove: ({ input }) => rules.remove(input.id),
    },
    alerts: parts.alerts,

    notes: {
      changes: parts.noteChanges,
      add: ({ input, errors }) => {
        if (notes.full) throw errors.BOARD_FULL({ most: mostNotes })
        return notes.add(input)
      },
      remove: ({ input }) => notes.remove(input.id),
    },

    viewers: ({ input, signal }) => viewers.watch(input.name, signal),

    line: { cut: ({ context }) => context.cut(), drain: () => parts.drain() },
  })
}

async function* nothing(): AsyncGenerator<never> {}
