import type { ButtonHTMLAttributes, KeyboardEvent, MouseEvent, ReactNode } from "react"

export interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> {
  /** It does nothing for now. */
  readonly off?: boolean
}

/**
 * A button that keeps the focus while it is off: from one that is `disabled` the browser takes it away, and
 * who works by keys starts again at the top of the page.
 */
export function Button({ off = false, onClick, ...rest }: ButtonProps): ReactNode {
  const click = (event: MouseEvent<HTMLButtonElement>) => {
    // This keeps its form from being sent too, also by Enter in a field.
    if (off) event.preventDefault()
    else onClick?.(event)
  }
  return (
    <button type="button" {...rest} aria-disabled={off} onClick={click} onKeyDown={pressOnce} />
  )
}

/** A key that is held down is one press: by the next one the focus may stand on another row's button. */
function pressOnce(event: KeyboardEvent): void {
  if (event.key === "Enter" && event.repeat) event.preventDefault()
}
