/** Bundlers write the value in its place; in a browser without one there is no such thing. */
declare const process: { readonly env: { readonly NODE_ENV?: string } }

export function isInDevelopment(): boolean {
  try {
    return process.env.NODE_ENV !== "production"
  } catch {
    return false
  }
}
