import * as z from "zod"
import { metricNames, metrics } from "./metrics.js"

export const mostRules = 20
/** Alerts that the feed shows. */
export const feedLength = 100

/** What a viewer asks to be told of. Its messages are what the form shows at the field. */
export const RuleInput = z
  .object({
    metric: z.enum(metricNames),
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
    const { unit, most } = metrics[metric]
    if (above <= most) return
    addIssue({ code: "custom", path: ["above"], message: `At most ${most} ${unit}`.trim() })
  })
export type RuleInput = z.infer<typeof RuleInput>

export const RuleId = z.string().max(64)
export const Rule = z.object({ id: RuleId, ...RuleInput.shape, raised: z.boolean() })
export type Rule = z.infer<typeof Rule>

/** A rule's condition came true, or ceased to be. */
export const Alert = z.object({
  at: z.number(),
  type: z.enum(["raised", "cleared"]),
  rule: RuleInput,
  /** What was measured, in the unit of the metric. */
  value: z.number(),
})
export type Alert = z.infer<typeof Alert>
