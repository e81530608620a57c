/** How we know: the simulator, its invariants and its mutants; and a pair for users' own tests. */
export * from "./pair/index.js"
export * from "./simulator/index.js"
