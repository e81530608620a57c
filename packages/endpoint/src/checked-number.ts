/** An option that has to be a number of this range: no alarm and no bound can be made of anything else. */
export function checkedNumber(
  name: string,
  value: unknown,
  least: number = Number.NEGATIVE_INFINITY,
  most: number = Number.POSITIVE_INFINITY,
): number {
  if (typeof value === "number" && value >= least && value <= most) return value
  throw new TypeError(`${name} cannot be ${String(value)}`)
}
