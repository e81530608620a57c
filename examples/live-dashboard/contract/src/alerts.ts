import * as z from "zod"
import { Place } from "./machine.js"

/** What a rule can watch, with the most that can be asked of it. */
export const metrics = {
  cpu: { label: "CPU", unit: "%", most: 100 },
  memory: { label: "Memory", unit: "%", most: 100 },
  load: { label: "Load", unit: "", most: 10_000 },
  networkIn: { label: "Network in", unit: "MB/s", most: 100_000 },
  networkOut: { label: "Network out", unit: "MB/s", most: 100_000 },
  diskRead: { label: "Disk read", unit: "MB/s", most: 100_000 },
  diskWritten: { label: "Disk written", unit: "MB/s", most: 100_000 },
} as const
export type Metric = keyof typeof metrics

export const Metric = z.enum([
  "cpu",
  "memory",
  "load",
  "networkIn",
  "networkOut",
  "diskRead",
  "diskWritten",
])

export const mostRules = 20

/** What a viewer asks to be told of. Its messages are what the form shows at the field. */
export const RuleInput = z
  .object({
    metric: Metric,
    /** In the unit of the metric. */
    above: z.number("Enter a number").min(0, "Not below zero"),
    /** How long it has to stay above, in seconds. */
    seconds: z
      .number("Enter a number")
      .int("Whole seconds")
      .min(0, "Not below zero")
      .max(600, "At most 600 seconds"),
  })
  .superRefine(({ metric, above }, { addIssue }) => {
    const { label, unit, most } = metrics[metric]
    if (above <= most) return
    addIssue({ code: "custom", path: ["above"], message: `${label} is at most ${most} ${unit}` })
  })
export type RuleInput = z.infer<typeof RuleInput>

export const RuleId = z.string().max(64)
export const Rule = z.object({ id: RuleId, ...RuleInput.shape, raised: z.boolean() })
export type Rule = z.infer<typeof Rule>

/** A rule's condition came true, or ceased to be. */
export const Alert = Place.extend({
  at: z.number(),
  type: z.enum(["raised", "cleared"]),
  rule: RuleInput,
  /** What was measured, in the unit of the metric. */
  value: z.number(),
})
export type Alert = z.infer<typeof Alert>
