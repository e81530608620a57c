import * as z from "zod"

// `pages` serves with a strict policy: zod is not to try whether it may run code that it makes from text.
z.config({ jitless: true })
