/** Why the line deserves a look now (docs/protocol.md, "Liveness"). */
export type WakeReason =
  /** The page is back, or the network: what we believe about the line may be old. */
  | "woke"
  /** The page is about to be frozen: better a line closed on purpose than one found dead. */
  | "suspending"

/**
 * Listens for the page's comings and goings, where there is a page. Elsewhere nothing happens.
 *
 * @returns stops listening
 */
export function watchPage(hear: (reason: WakeReason) => void): () => void {
  const { document, addEventListener, removeEventListener } = globalThis
  if (typeof document !== "object" || typeof addEventListener !== "function") return () => {}
  const woke = () => hear("woke")
  const visible = () => document.visibilityState === "visible" && hear("woke")
  const suspend = () => hear("suspending")
  const hide = ({ persisted }: PageTransitionEvent) => persisted && hear("suspending")
  addEventListener("online", woke)
  addEventListener("pageshow", woke)
  addEventListener("pagehide", hide)
  document.addEventListener("resume", woke)
  document.addEventListener("freeze", suspend)
  document.addEventListener("visibilitychange", visible)
  return () => {
    removeEventListener("online", woke)
    removeEventListener("pageshow", woke)
    removeEventListener("pagehide", hide)
    document.removeEventListener("resume", woke)
    document.removeEventListener("freeze", suspend)
    document.removeEventListener("visibilitychange", visible)
  }
}
