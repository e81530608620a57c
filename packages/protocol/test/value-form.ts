/** The notation of the vectors for payload values (docs/vectors/README.md), and back. */
export type ValueForm =
  | null
  | boolean
  | number
  | string
  | { readonly array: readonly ValueForm[] }
  | { readonly object: readonly (readonly [string, ValueForm])[] }
  | { readonly bytes: string }
  | { readonly date: number }
  | { readonly bigint: string }
  | { readonly map: readonly (readonly [ValueForm, ValueForm])[] }
  | { readonly set: readonly ValueForm[] }
  | { readonly undefined: true }
  | { readonly number: string }

export function toValue(form: ValueForm): unknown {
  if (typeof form !== "object" || form === null) return form
  if ("array" in form) return form.array.map(toValue)
  if ("object" in form) return objectOf(form.object)
  if ("bytes" in form) return new Uint8Array(Buffer.from(form.bytes, "hex"))
  if ("date" in form) return new Date(form.date)
  if ("bigint" in form) return BigInt(form.bigint)
  if ("map" in form) return new Map(form.map.map(([key, value]) => [toValue(key), toValue(value)]))
  if ("set" in form) return new Set(form.set.map(toValue))
  if ("number" in form) return Number(form.number)
  return undefined
}

/** As JSON.parse makes it: also a key `__proto__` becomes a property of its own. */
function objectOf(entries: readonly (readonly [string, ValueForm])[]): object {
  const object = {}
  for (const [key, form] of entries) {
    const value = toValue(form)
    Object.defineProperty(object, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return object
}
