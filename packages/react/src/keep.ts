/** Items that are kept for whoever comes later, and for `items`, unless somebody wants more. */
export const defaultKeep = 100

/** @throws TypeError for what is no number of items */
export function checkedKeep(keep: number = defaultKeep): number {
  if (Number.isSafeInteger(keep) && keep >= 0) return keep
  throw new TypeError(`keep is a whole number, and ${keep} is none`)
}

export function newest(items: readonly unknown[], count: number): readonly unknown[] {
  return items.length <= count ? items : items.slice(items.length - count)
}
