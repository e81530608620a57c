import type { Results } from "./results.js"
export function pageOf(all: readonly Results[]): string {
  return JSON.stringify(all)
}
