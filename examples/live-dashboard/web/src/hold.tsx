import { createContext, type ReactNode, useContext, useMemo, useState } from "react"

interface Hold {
  /** The page takes nothing of what arrives. What was not taken is felt by the sender. */
  readonly held: boolean
  readonly toggle: () => void
}

const Holding = createContext<Hold>({ held: false, toggle: () => {} })

/** Of all streams of this page. */
export function HoldProvider({ children }: { readonly children: ReactNode }): ReactNode {
  const [held, setHeld] = useState(false)
  const hold = useMemo(() => ({ held, toggle: () => setHeld((before) => !before) }), [held])
  return <Holding value={hold}>{children}</Holding>
}

export function useHold(): Hold {
  return useContext(Holding)
}
