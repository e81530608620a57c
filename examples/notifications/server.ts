import { randomUUID } from "node:crypto"
import { memoryBroker, RpcError, type Server, scope, serve, topic } from "@trunkline/server"
import { type Change, changed, inbox, type Notice, User, users } from "./contract.js"

/** What somebody has not read, and the cursor of the last change that is in it. */
interface Unread {
  readonly state: Notice[]
  readonly cursor: string
}

const unread = topic(inbox.unread, {
  broker: memoryBroker(),
  key: ({ user }) => user, // each user is a log of their own
  snapshot: ({ user }) => of(user),
})

const all = new Map<string, Unread>()
for (const user of users) all.set(user, { state: [], cursor: await unread.position({ user }) })

function of(user: string): Unread {
  return all.get(user) ?? { state: [], cursor: "" }
}

/** To every page that the user has open, on every device; the others read on from their cursor. */
async function publish({ user }: User, change: Change): Promise<void> {
  const cursor = await unread.publish({ user }, change)
  all.set(user, { state: changed(of(user).state, change), cursor })
}

const app = scope<User>()

/** Which log it is says the input, and who asks, the token: everybody reads their own. */
const own = app.use(({ input, context, next }) => {
  if (User.parse(input).user !== context.user) throw new RpcError("FORBIDDEN")
  return next()
})

const router = app.implement(inbox, {
  unread: own(unread),
  read: ({ input: { id }, context }) => publish(context, { type: "read", id }),
  notify: ({ input: { user, text } }) =>
    publish({ user }, { type: "new", notice: { id: randomUUID(), text, at: Date.now() } }),
})

export const server: Server = serve(router, {
  // Whoever gives a name is believed: a real service would check a token here.
  authenticate: ({ token }) => {
    const user = users.find((user) => user === token)
    if (!user) throw new RpcError("FORBIDDEN")
    return { principal: user, context: { user } }
  },
})
