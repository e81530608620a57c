import { Lane } from "../flow/lane.js"
import type { OpenedChannel } from "./channel.js"
import type { Context } from "./context.js"

/** Lays a caller's lane in this session: nothing leaves by it before the callee has said how much it takes. */
export function layWayUp(context: Context, channel: OpenedChannel): Lane {
  const { codec, pullBudget: budget } = context
  const revived = (): void => context.emit({ type: "writable", channel })
  const terms = { codec, lossy: undefined, window: 0, credit: undefined, budget, revived } as const
  channel.lane = new Lane(channel, terms)
  return channel.lane
}
