export type Theme = "light" | "dark"

const key = "dashboard.theme"
const darkness = matchMedia("(prefers-color-scheme: dark)")
const listeners = new Set<() => void>()

const stored = localStorage.getItem(key)
if (stored === "light" || stored === "dark") document.documentElement.dataset["theme"] = stored
darkness.addEventListener("change", tell)

/** What is shown: the reader's choice, or else the system's. */
export function theme(): Theme {
  const chosen = document.documentElement.dataset["theme"]
  if (chosen === "light" || chosen === "dark") return chosen
  return darkness.matches ? "dark" : "light"
}

export function toggleTheme(): void {
  const other = theme() === "dark" ? "light" : "dark"
  document.documentElement.dataset["theme"] = other
  localStorage.setItem(key, other)
  tell()
}

export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function tell(): void {
  for (const listener of listeners) listener()
}
