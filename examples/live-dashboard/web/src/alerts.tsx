import { useCall } from "@trunkline/react"
import type { Alert, Rule, RuleInput } from "@trunkline-example/dashboard-contract"
import { type Metric, metricNames, metrics } from "@trunkline-example/dashboard-contract/metrics"
import {
  type FormEvent,
  type ReactNode,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from "react"
import { Button } from "./button.js"
import { failureText } from "./failure-text.js"
import { Field, numberOf, Refusal } from "./field.js"
import { invalidField, moveFocus, neighbour, useFocusPassedTo } from "./focus.js"
import { timeOfDay } from "./format.js"
import { client } from "./line.js"
import { Ended, Panel } from "./panel.js"
import { Scroll } from "./scroll.js"
import { useAlerts, useRules } from "./streams.js"

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
  const view = useRules()
  const [changing, setChanging] = useState<string>()
  return (
    <>
      <ul className="rules" aria-label="Rules">
        {view.latest?.map((rule) => (
          <RuleRow
            key={rule.id}
            rule={rule}
            changing={rule.id === changing}
            onChange={() => setChanging(rule.id)}
            onDone={() => setChanging(undefined)}
          />
        ))}
      </ul>
      <Ended view={view} />
    </>
  )
}

interface RuleRowProps {
  readonly rule: Rule
  readonly changing: boolean
  readonly onChange: () => void
  readonly onDone: () => void
}

function RuleRow({ rule, changing, onChange, onDone }: RuleRowProps): ReactNode {
  const row = useFocusPassedTo<HTMLLIElement>(neighbour)
  const changed = useRef(changing)
  // Each of the two takes the other's place, and its focus.
  useLayoutEffect(() => {
    if (changed.current === changing) return
    changed.current = changing
    moveFocus(row.current, row.current?.querySelector<HTMLElement>("select, button"))
  }, [changing, row])
  return (
    <li ref={row} className={changing ? "changing" : undefined}>
      {changing ? (
        <ChangeRule rule={rule} onDone={onDone} />
      ) : (
        <RuleLine rule={rule} onChange={onChange} />
      )}
    </li>
  )
}

function RuleLine({ rule, onChange }: Pick<RuleRowProps, "rule" | "onChange">): ReactNode {
  const remove = useCall((id: string) => client.rules.remove({ id }))
  const text = textOfRule(rule)
  return (
    <>
      <span className="dot" data-raised={rule.raised} />
      <span className="rule-text">
        {text}
        {rule.raised && <strong> now</strong>}
        <Refusal text={failureText(remove.error)} />
      </span>
      <button type="button" className="quiet" aria-label={`Change: ${text}`} onClick={onChange}>
        Change
      </button>
      <Button
        className="quiet"
        aria-label={`Remove: ${text}`}
        off={remove.pending}
        onClick={() => remove.run(rule.id)}
      >
        Remove
      </Button>
    </>
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
      <Button type="submit" off={add.pending}>
        Add rule
      </Button>
    </RuleForm>
  )
}

function ChangeRule({ rule, onDone }: Pick<RuleRowProps, "rule" | "onDone">): ReactNode {
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
      <Button type="submit" off={change.pending}>
        Save
      </Button>
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
  const form = useRef<HTMLFormElement>(null)
  const id = useId()
  useEffect(() => {
    if (issues) moveFocus(form.current, invalidField(form.current))
  }, [issues])
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const typed = new FormData(event.currentTarget)
    onSubmit({ metric, above: numberOf(typed, "above"), seconds: numberOf(typed, "seconds") })
  }
  return (
    <form ref={form} className="rule-form" aria-label={label} noValidate onSubmit={submit}>
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
  const view = useAlerts()
  const rows = view.data ?? []
  return (
    <>
      <h3>Feed</h3>
      <Scroll log label="Alert feed" className="feed">
        {rows.length === 0 && <p className="absent">No alert so far.</p>}
        <ol>
          {rows
            .toReversed()
            .map((row) =>
              "alert" in row ? (
                <AlertRow key={row.key} alert={row.alert} />
              ) : (
                <MissingRow key={row.key} />
              ),
            )}
        </ol>
      </Scroll>
      <Ended view={view} />
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

function MissingRow(): ReactNode {
  return (
    <li className="missing">
      <span>
        Alerts may be missing here: the server was restarted and its store did not outlive it.
      </span>
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
