const steps = ["B", "kB", "MB", "GB", "TB"]

/** 12 MB, 1.4 GB: three digits at most, as more would only flicker. */
export function bytes(count: number): string {
  const { value, unit } = scaled(count)
  return `${value} ${unit}`
}

/** Round figures, as a scale has them: 2 MB and not 2.0 MB, 2.5 and not 2.50. */
export function mark(format: (value: number) => string): (value: number) => string {
  const short = (_: string, digits: string): string => (digits === "" ? "" : `.${digits}`)
  return (value) => format(value).replace(/\.(\d*?)0+(?=\D|$)/, short)
}

export function rate(count: number): string {
  return `${bytes(count)}/s`
}

function scaled(count: number): { value: string; unit: string } {
  let step = 0
  let value = count
  while (value >= 999.5 && step < steps.length - 1) {
    value /= 1_000
    step++
  }
  const digits = step === 0 || value >= 99.5 ? 0 : 1
  return { value: value.toFixed(digits), unit: steps[step] ?? "" }
}

export function percent(share: number): string {
  return `${share.toFixed(share >= 99.95 ? 0 : 1)} %`
}

export function count(value: number): string {
  return value.toLocaleString("en")
}

/** In words that stay the same for a while. */
export function duration(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / 60_000)
  const hours = Math.floor(minutes / 60)
  if (hours >= 48) return `${Math.floor(hours / 24)} days`
  if (hours >= 1) return `${hours} h ${minutes % 60} min`
  return `${minutes} min`
}

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
})

export function timeOfDay(at: number): string {
  return clock.format(at)
}
