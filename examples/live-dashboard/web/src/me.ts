/** What we are called; each tab has a name of its own until it is changed. */
const first = [
  "Amber",
  "Brisk",
  "Calm",
  "Clear",
  "Early",
  "Fleet",
  "Quiet",
  "Steady",
  "Tidal",
  "Warm",
]
const second = [
  "Badger",
  "Crane",
  "Finch",
  "Heron",
  "Lynx",
  "Marten",
  "Otter",
  "Plover",
  "Swift",
  "Wren",
]

const key = "dashboard.name"

class Me {
  #name = sessionStorage.getItem(key) ?? `${oneOf(first)} ${oneOf(second)}`

  get name(): string {
    return this.#name
  }

  set name(name: string) {
    this.#name = name
    sessionStorage.setItem(key, name)
  }
}

function oneOf(words: readonly string[]): string {
  return words[Math.floor(Math.random() * words.length)] ?? ""
}

export const me = new Me()
