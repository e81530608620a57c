/** Something due at a time; it knows its place among the alarms, so that it can be taken out again. */
export interface Alarm {
  at: number
  /** Kept by Alarms: where it stands in the heap; -1 when it does not. */
  place: number
}

/** The alarms of a session, soonest first: a binary heap, since most are taken out before they ring. */
export class Alarms<A extends Alarm> {
  readonly #heap: A[] = []

  /** When the soonest is due; Infinity when there is none. */
  get soonest(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  get size(): number {
    return this.#heap.length
  }

  set(alarm: A, at: number): void {
    this.remove(alarm)
    alarm.at = at
    if (at !== Number.POSITIVE_INFINITY) this.#rise(alarm, this.#heap.length)
  }

  remove(alarm: A): void {
    const place = alarm.place
    if (place < 0) return
    alarm.place = -1
    const last = this.#heap.pop()
    if (last === undefined || last === alarm) return
    if (last.at < alarm.at) this.#rise(last, place)
    else this.#sink(last, place)
  }

  /** Takes the soonest out if it is due. */
  due(now: number): A | undefined {
    const alarm = this.#heap[0]
    if (alarm === undefined || alarm.at > now) return undefined
    this.remove(alarm)
    return alarm
  }

  #put(alarm: A, place: number): void {
    this.#heap[place] = alarm
    alarm.place = place
  }

  #rise(alarm: A, from: number): void {
    let place = from
    while (place > 0) {
      const parentPlace = (place - 1) >> 1
      const parent = this.#heap[parentPlace]
      if (parent === undefined || parent.at <= alarm.at) break
      this.#put(parent, place)
      place = parentPlace
    }
    this.#put(alarm, place)
  }

  #sink(alarm: A, from: number): void {
    let place = from
    for (;;) {
      const child = this.#soonerChild(place)
      if (child === undefined || child.at >= alarm.at) break
      const next = child.place
      this.#put(child, place)
      place = next
    }
    this.#put(alarm, place)
  }

  #soonerChild(place: number): A | undefined {
    const left = this.#heap[2 * place + 1]
    const right = this.#heap[2 * place + 2]
    return right !== undefined && left !== undefined && right.at < left.at ? right : left
  }
}
