import type { Issue } from "@trunkline/contract"
import { type InputHTMLAttributes, type ReactNode, useId } from "react"

export interface FieldProps extends InputHTMLAttributes<HTMLInputElement> {
  readonly label: string
  readonly name: string
  /** Stands behind the input. */
  readonly unit?: string
  /** What the server found wrong, in all fields of the form. */
  readonly issues: readonly Issue[] | undefined
}

/** An input with its name, and with what the server says of it. */
export function Field({ label, unit, issues, ...input }: FieldProps): ReactNode {
  const id = useId()
  const issue = issues?.find(({ path }) => path.at(-1) === input.name)
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <span className="input">
        <input
          {...input}
          id={id}
          aria-invalid={issue !== undefined}
          aria-describedby={issue && `${id}-issue`}
        />
        {unit && <span className="unit">{unit}</span>}
      </span>
      {issue && (
        <p className="issue" id={`${id}-issue`} role="alert">
          {issue.message}
        </p>
      )}
    </div>
  )
}

/** A number that was typed; what is no number is for the server to refuse. */
export function numberOf(form: FormData, name: string): number {
  const text = form.get(name)
  return text === "" ? Number.NaN : Number(text)
}

/** What has no field to stand at. */
export function Refusal({ text }: { readonly text: string | undefined }): ReactNode {
  return text === undefined ? null : (
    <p className="issue" role="alert">
      {text}
    </p>
  )
}
