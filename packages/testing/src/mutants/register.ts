import { register } from "node:module"
import { mutants } from "./mutants.js"

/* Loaded ahead of the simulator (`--import`), in a process of its own for each mutant. */

const name = process.env["TRUNKLINE_MUTANT"]
const mutant = mutants.find((known) => known.name === name)
if (!mutant) throw new Error(`no mutant is called ${name}`)
register("./hooks.js", import.meta.url, { data: mutant.edits })
