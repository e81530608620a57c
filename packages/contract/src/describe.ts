import { procedures } from "./contract.js"
import type { Procedure, Subscription } from "./procedure.js"

/** JSON Schema of a payload; `true` where its schema library cannot say. */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown }

/** A procedure as data: what documents, mocks and inspectors read. */
export interface ProcedureDescription {
  readonly path: string
  readonly kind: Procedure["kind"]
  readonly input?: JsonSchema
  readonly output?: JsonSchema
  readonly item?: JsonSchema
  readonly up?: JsonSchema
  readonly down?: JsonSchema
  readonly errors?: { readonly [code: string]: JsonSchema | null }
  readonly idempotency?: string
  readonly onCrash?: string
  readonly delivery?: string | { readonly conflate: string }
  readonly restart?: string
  readonly replay?: string
  readonly onGap?: string
  readonly state?: JsonSchema
}

export interface ContractDescription {
  /**
   * Changes with anything that a caller could notice. The order in which procedures and fields are
   * written is not among that.
   */
  readonly fingerprint: string
  readonly procedures: readonly ProcedureDescription[]
}

/**
 * A contract as JSON, with a JSON Schema (draft 2020-12) for each payload: its wire form, as the caller
 * passes inputs and receives outputs.
 */
export function describe(contract: object): ContractDescription {
  const described = [...procedures(contract)].map(([path, procedure]) =>
    describeProcedure(path, procedure),
  )
  const sorted = [...described].sort((a, b) => (a.path < b.path ? -1 : 1))
  return { fingerprint: digest(canonical(sorted)), procedures: described }
}

/** Short, and equal for equal contracts: a server logs a client that was built from another one. */
export function fingerprint(contract: object): string {
  return describe(contract).fingerprint
}

function describeProcedure(path: string, procedure: Procedure): ProcedureDescription {
  const head = { path, kind: procedure.kind, ...schema("input", procedure.input, "input") }
  switch (procedure.kind) {
    case "call":
      return {
        ...head,
        ...schema("output", procedure.output, "output"),
        ...errors(procedure.errors),
        ...(procedure.idempotency && { idempotency: procedure.idempotency }),
        ...(procedure.onCrash && { onCrash: procedure.onCrash }),
      }
    case "subscription":
      return {
        ...head,
        ...schema("item", procedure.item, "output"),
        ...errors(procedure.errors),
        delivery: deliveryName(procedure.delivery),
        ...(procedure.restart && { restart: procedure.restart }),
        ...replay(procedure),
      }
    case "upload":
      return {
        ...head,
        ...schema("item", procedure.item, "input"),
        ...schema("output", procedure.output, "output"),
        ...errors(procedure.errors),
      }
    case "duplex":
      return {
        ...head,
        ...schema("up", procedure.up, "input"),
        ...schema("down", procedure.down, "output"),
        ...errors(procedure.errors),
      }
    case "event":
      return head
  }
}

function replay({
  replay,
  onGap,
  state,
}: Subscription): Pick<ProcedureDescription, "replay" | "onGap" | "state"> {
  if (!replay || !onGap) return {}
  return { replay: "topic", onGap, ...schema("state", state, "output") }
}

function deliveryName(
  delivery: Subscription["delivery"],
): NonNullable<ProcedureDescription["delivery"]> {
  if (typeof delivery === "string") return delivery
  return { conflate: typeof delivery.conflate === "string" ? delivery.conflate : "(computed)" }
}

type Side = "input" | "output"

function schema<Name extends string>(
  name: Name,
  declared: unknown,
  side: Side,
): { readonly [N in Name]?: JsonSchema } {
  const empty: { [N in Name]?: JsonSchema } = {}
  return declared ? { ...empty, [name]: jsonSchema(declared, side) } : empty
}

function errors(declared: unknown): Pick<ProcedureDescription, "errors"> {
  const entries = Object.entries(Object(declared))
  if (entries.length === 0) return {}
  const described = entries.map(([code, data]) => [code, data && jsonSchema(data, "output")])
  return { errors: Object.fromEntries(described) }
}

/** Standard JSON Schema, where the library implements it for this very schema. */
function jsonSchema(declared: unknown, side: Side): JsonSchema {
  const standard: unknown = Reflect.get(Object(declared), "~standard")
  const converter: unknown = Reflect.get(Object(standard), "jsonSchema")
  const convert: unknown = Reflect.get(Object(converter), side)
  if (typeof convert !== "function") return true
  try {
    return convert.call(converter, { target: "draft-2020-12" })
  } catch {
    return true
  }
}

/** JSON with every object's keys in order, and the names of required fields, which are a set too. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => {
    if (Array.isArray(part)) return key === "required" ? [...part].sort() : part
    if (typeof part !== "object" || part === null) return part
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** FNV-1a over 64 bits: an equal text gives an equal name, which is all that is asked of it. */
function digest(text: string): string {
  let hash = 0xcbf29ce484222325n
  for (let index = 0; index < text.length; index++) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(text.charCodeAt(index))) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, "0")
}
