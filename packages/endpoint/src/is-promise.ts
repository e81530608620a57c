/** Also what only looks like one, as query builders do. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  if (typeof value !== "object" || value === null || !("then" in value)) return false
  return typeof value.then === "function"
}
