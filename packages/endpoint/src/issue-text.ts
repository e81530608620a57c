/**
 * The first issue of a `VALIDATION` in words, for a message: where, and why. Its data may be the other
 * side's, so nothing is taken for granted; `undefined` where it has no issue that is one.
 */
export function issueText(data: unknown): string | undefined {
  const { issues } = Object(data)
  const { message, path } = Object(Array.isArray(issues) ? issues[0] : undefined)
  if (typeof message !== "string") return undefined
  const place = Array.isArray(path) ? path.filter(isStep).join(".") : ""
  return place === "" ? message : `${place}: ${message}`
}

function isStep(step: unknown): boolean {
  return typeof step === "string" || typeof step === "number"
}
