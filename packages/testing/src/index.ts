/** How we know: the simulator, its invariants and its mutants. */
export * from "./simulator/index.js"
