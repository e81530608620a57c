/**
 * Where the focus goes when what has it goes away. The browser drops it, so that the next Tab starts at the
 * top of the page. Only what is lost is moved: a reader who has gone elsewhere stays there.
 */
import { type RefObject, useLayoutEffect, useRef } from "react"

type Heir = (part: Element) => HTMLElement | null | undefined

/** For a part that may go while the focus is in it: just before, the focus moves on to its heir. */
export function useFocusPassedTo<Part extends HTMLElement>(heir: Heir): RefObject<Part | null> {
  const part = useRef<Part>(null)
  useLayoutEffect(() => {
    const element = part.current
    return () => {
      if (element?.contains(document.activeElement)) heir(element)?.focus()
    }
  }, [heir])
  return part
}

/** The same button of the next row or of the one before; without rows the first field of the panel. */
export function neighbour(row: Element): HTMLElement | undefined {
  const place = buttonsOf(row).findIndex((button) => button.contains(document.activeElement))
  const [next, previous] = [row.nextElementSibling, row.previousElementSibling].map(buttonsOf)
  const buttons = next?.length ? next : previous
  return (
    buttons?.[place] ?? buttons?.[0] ?? fieldsOf(panelOf(row)).find((field) => !row.contains(field))
  )
}

/** The panel that the part stands in, made ready to take the focus. */
export function panel(part: Element): HTMLElement | null {
  const element = panelOf(part)
  if (element) element.tabIndex = -1
  return element
}

/** Moves the focus within a part, if it is there or nowhere. */
export function moveFocus(part: Element | null, to: HTMLElement | null | undefined): void {
  const { activeElement: active, body } = document
  if (active === null || active === body || part?.contains(active)) to?.focus()
}

/** What was found wrong first. */
export function invalidField(form: Element | null): HTMLElement | undefined {
  return fieldsOf(form).find((field) => field.matches('[aria-invalid="true"]'))
}

function panelOf(part: Element): HTMLElement | null {
  return part.closest<HTMLElement>("section, main")
}

function buttonsOf(row: Element | null): readonly HTMLElement[] {
  return [...(row?.querySelectorAll("button") ?? [])]
}

function fieldsOf(part: Element | null): readonly HTMLElement[] {
  return [...(part?.querySelectorAll<HTMLElement>("input, select, textarea") ?? [])]
}
