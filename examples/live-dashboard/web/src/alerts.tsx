import type { Alert, Rule, RuleInput } from "@trunkline-example/dashboard-contract"
import { type Metric, metricNames, metrics } from "@trunkline-example/dashboard-contract/metrics"
import { type FormEvent, type ReactNode, useId, useState } from "react"
import { failureText } from "./failure-text.js"
import { Field, numberOf, Refusal } from "./field.js"
import { timeOfDay } from "./format.js"
import { useCall, useStream } from "./hooks.js"
import { client } from "./line.js"
import { Ended, Panel } from "./panel.js"
import { Scroll } from "./scroll.js"
import { alerts, rules } from "./streams.js"

/** What viewers want to be told of, and what they were told. */
export function Alerts(): ReactNode {
  return (
    <Panel title="Alerts" className="alerts">
      <Rules />
      <AddRule />
      <Feed />
    </Panel>
  )
}

function Rules(): ReactNode {
  const view = useStream(rules)
  const [changing, setChanging] = useState<string>()
  return (
    <>
      <ul className="rules" aria-label="Rules">
        {view.state?.map((rule) =>
          rule.id === changing ? (
            <li key={rule.id} className="changing">
              <ChangeRule rule={rule} onDone={() => setChanging(undefined)} />
            </li>
          ) : (
            <RuleRow key={rule.id} rule={rule} onChange={() => setChanging(rule.id)} />
          ),
        )}
      </ul>
      <Ended store={rules} view={view} />
    </>
  )
}

function RuleRow({
  rule,
  onChange,
}: {
  readonly rule: Rule
  readonly onChange: () => void
}): ReactNode {
  const remove = useCall((id: string) => client.rules.remove({ id }))
  const text = textOfRule(rule)
  return (
    <li>
      <span className="dot" data-raised={rule.raised} />
      <span className="rule-text">
        {text}
        {rule.raised && <strong> now</strong>}
        <Refusal text={failureText(remove.error)} />
      </span>
      <button type="button" className="quiet" aria-label={`Change: ${text}`} onClick={onChange}>
        Change
      </button>
      <button
        type="button"
        className="quiet"
        aria-label={`Remove: ${text}`}
        disabled={remove.pending}
        onClick={() => remove.run(rule.id)}
      >
        Remove
      </button>
    </li>
  )
}

function AddRule(): ReactNode {
  const add = useCall(client.rules.add)
  const issues = add.error?.code === "VALIDATION" ? add.error.data?.issues : undefined
  const refusal =
    add.error?.code === "TOO_MANY_RULES"
      ? `There are ${add.error.data.most} rules already.`
      : failureText(add.error)
  return (
    <RuleForm
      label="Add a rule"
      initial={{ metric: "cpu", above: 80, seconds: 5 }}
      issues={issues}
      refusal={refusal}
      onSubmit={(input) => add.run(input)}
    >
      <button type="submit" disabled={add.pending}>
        Add rule
      </button>
    </RuleForm>
  )
}

function ChangeRule({
  rule,
  onDone,
}: {
  readonly rule: Rule
  readonly onDone: () => void
}): ReactNode {
  const change = useCall(client.rules.change)
  const issues = change.error?.code === "VALIDATION" ? change.error.data?.issues : undefined
  const refusal =
    change.error?.code === "RULE_UNKNOWN"
      ? "Somebody has removed this rule."
      : failureText(change.error)
  const submit = async (input: RuleInput) => {
    const result = await change.run({ id: rule.id, rule: input })
    if (result.ok) onDone()
  }
  return (
    <RuleForm
      label={`Change: ${textOfRule(rule)}`}
      initial={rule}
      issues={issues}
      refusal={refusal}
      onSubmit={submit}
    >
      <button type="submit" disabled={change.pending}>
        Save
      </button>
      <button type="button" className="quiet" onClick={onDone}>
        Leave as it was
      </button>
    </RuleForm>
  )
}

interface RuleFormProps {
  readonly label: string
  readonly initial: RuleInput
  readonly issues: Parameters<typeof Field>[0]["issues"]
  readonly refusal: string | undefined
  readonly onSubmit: (input: RuleInput) => unknown
  readonly children: ReactNode
}

/** It sends what was typed as it is: what is right is said in one place, the contract. */
function RuleForm(props: RuleFormProps): ReactNode {
  const { label, initial, issues, refusal, onSubmit, children } = props
  const [metric, setMetric] = useState<Metric>(initial.metric)
  const id = useId()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const form = new FormData(event.currentTarget)
    onSubmit({ metric, above: numberOf(form, "above"), seconds: numberOf(form, "seconds") })
  }
  return (
    <form className="rule-form" aria-label={label} noValidate onSubmit={submit}>
      <div className="field">
        <label htmlFor={id}>When</label>
        <select
          id={id}
          value={metric}
          onChange={({ target }) => setMetric(metricOf(target.value) ?? metric)}
        >
          {metricNames.map((name) => (
            <option key={name} value={name}>
              {metrics[name].label}
            </option>
          ))}
        </select>
      </div>
      <Field
        label="is above"
        name="above"
        inputMode="decimal"
        autoComplete="off"
        defaultValue={initial.above}
        unit={metrics[metric].unit}
        issues={issues}
      />
      <Field
        label="for"
        name="seconds"
        inputMode="numeric"
        autoComplete="off"
        defaultValue={initial.seconds}
        unit="s"
        issues={issues}
      />
      <div className="actions">{children}</div>
      <Refusal text={refusal} />
    </form>
  )
}

function Feed(): ReactNode {
  const view = useStream(alerts)
  const { items } = view.state
  return (
    <>
      <h3>Feed</h3>
      <Scroll log label="Alert feed" className="feed">
        {items.length === 0 && <p className="absent">No alert so far.</p>}
        <ol>
          {items.toReversed().map((alert) => (
            <AlertRow key={`${alert.run} ${alert.number}`} alert={alert} />
          ))}
        </ol>
      </Scroll>
      <Ended store={alerts} view={view} />
    </>
  )
}

function AlertRow({ alert }: { readonly alert: Alert }): ReactNode {
  const { type, rule, value, at } = alert
  const { label, unit } = metrics[rule.metric]
  const shown = `${value.toFixed(1)} ${unit}`.trim()
  return (
    <li>
      <span className="dot" data-raised={type === "raised"} />
      <span>
        {type === "raised"
          ? `${label} at ${shown}, above ${rule.above}`
          : `${label} back at ${shown}`}
      </span>
      <time dateTime={new Date(at).toISOString()}>{timeOfDay(at)}</time>
    </li>
  )
}

function textOfRule({ metric, above, seconds }: RuleInput): string {
  const { label, unit } = metrics[metric]
  return `${label} above ${above}${unit && ` ${unit}`} for ${seconds} s`
}

function metricOf(value: string): Metric | undefined {
  return metricNames.find((name) => name === value)
}
