// Before any schema is made.
import "./policy.js"

import { setupWorker } from "msw/browser"
import { mock } from "./mock.js"

Reflect.set(globalThis, "mock", mock)
await setupWorker(...mock.line.handlers).start({ quiet: true, onUnhandledRequest: "bypass" })
// Only now, since the page connects as it is loaded.
await import("../../web/src/main.js")
