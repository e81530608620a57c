import type { Router } from "@trunkline/endpoint"
import { checkOptions } from "./check.js"
import type { ServeOptions } from "./options.js"
import { Server } from "./server.js"

/** A router whose handlers need a context cannot be served without saying where it comes from. */
export type ServeArguments<Context> = unknown extends Context
  ? [options?: ServeOptions<Context>]
  : [options: ServeOptions<Context> & Required<Pick<ServeOptions<Context>, "authenticate">>]

/**
 * Makes a server of a router. It opens no port: give it to `listen` or `attach` of
 * `@trunkline/server/node`.
 *
 * @example
 * ```ts
 * const server = serve(router, {
 *   authenticate: async ({ token }) => {
 *     const user = await verify(token)
 *     return { principal: user.id, context: { user } }
 *   },
 * })
 * await listen(server, { port: 8080, path: "/rpc" })
 * ```
 *
 * @throws TypeError for an option that could not work
 */
export function serve<Context>(
  router: Router<Context>,
  ...[options]: ServeArguments<Context>
): Server {
  const entries = router?.["~entries"]
  if (!entries) throw new TypeError("serve: not a router, which `implement` makes")
  checkOptions(options ?? {})
  return new Server(entries, options ?? {})
}
