/**
 * Any Standard Schema: zod, valibot, arktype and others. `unknown` on purpose: a narrower type makes the
 * compiler work out both types of every schema where it is declared, five times the work for a large
 * contract, and what is no schema is refused all the same.
 */
export interface AnySchema {
  readonly "~standard": unknown
}

interface Typed {
  readonly "~standard": {
    readonly types?: { readonly input: unknown; readonly output: unknown } | undefined
  }
}

/** Stands in a type where a schema was expected and something else was found. */
export interface NotASchema {
  readonly "~notASchema": never
}

/** What a schema accepts; `undefined` where none was given. */
export type InputOf<S> = S extends Typed
  ? NonNullable<S["~standard"]["types"]>["input"]
  : S extends undefined | null
    ? undefined
    : NotASchema

/** What a schema makes of it. */
export type OutputOf<S> = S extends Typed
  ? NonNullable<S["~standard"]["types"]>["output"]
  : S extends undefined | null
    ? undefined
    : NotASchema

/** Where a value does not fit, and why: as a form shows it beside its field. */
export interface Issue {
  readonly message: string
  readonly path: readonly (string | number)[]
}

export type Validated =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/**
 * Runs a schema. It answers at once unless the schema itself is asynchronous. Without a schema only
 * `undefined` fits.
 */
export function validate(
  schema: AnySchema | undefined | null,
  value: unknown,
): Validated | Promise<Validated> {
  if (!schema) return value === undefined ? { ok: true, value } : nothingExpected
  const standard = schema["~standard"]
  if (!isStandard(standard)) throw new TypeError("not a Standard Schema")
  const result = standard.validate(value)
  return isPromise(result) ? result.then(toValidated) : toValidated(result)
}

const nothingExpected: Validated = {
  ok: false,
  issues: [{ message: "Expected no value", path: [] }],
}

interface Standard {
  validate(value: unknown): unknown
}

function isStandard(standard: unknown): standard is Standard {
  return typeof standard === "object" && standard !== null && "validate" in standard
}

/** Also one of another realm, as test runners have them. */
function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value
}

function toValidated(result: unknown): Validated {
  const { issues, value } = Object(result)
  if (issues === undefined) return { ok: true, value }
  return { ok: false, issues: Array.isArray(issues) ? issues.map(toIssue) : [] }
}

function toIssue(issue: unknown): Issue {
  const { message, path } = Object(issue)
  return { message: String(message), path: Array.isArray(path) ? path.map(toStep) : [] }
}

/** A step of a path is a key, or an object that holds one. */
function toStep(step: unknown): string | number {
  const key: unknown = typeof step === "object" && step !== null ? Reflect.get(step, "key") : step
  return typeof key === "number" ? key : String(key)
}
