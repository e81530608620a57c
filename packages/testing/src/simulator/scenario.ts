import type { ServerLimits } from "@trunkline/server"
import type { CallOperation } from "./call-operation.js"
import type { Fault } from "./fault.js"
import type { KeysScenario } from "./keys/keys-fault.js"
import type { SendOperation } from "./sending/send-operation.js"
import type { Speech } from "./speech.js"
import type { StreamOperation } from "./stream-operation.js"
import type { TalkOperation } from "./talk/talk-operations.js"
import type { TopicPlan } from "./topics/topic-plan.js"

export type Operation = CallOperation | StreamOperation | SendOperation

/** Limits of a server that a run can reach: rates, who may come in, and what is kept for all. */
export type Bounds = Pick<ServerLimits, "calls" | "streams" | "rates" | "entrance" | "memory">

/** A run as plain data, so that one that fails can be made smaller and kept. */
export interface Scenario {
  /** Decides what the run itself leaves to chance. */
  readonly seed: number
  readonly clients: number
  readonly latency: number
  readonly jitter: number
  readonly refusal: number
  readonly handshake: number
  readonly closeLoss: number
  readonly grace: number
  /** Milliseconds that a token is good for; undefined: for ever. */
  readonly tokenLife: number | undefined
  readonly window: number
  readonly calls: number
  /** Handlers that may run at a time in a session. */
  readonly handlers: number
  /** Who continues a session is led to the server that has it, also while that leaves. */
  readonly sticky: boolean
  /** Nothing befalls it but restarts that are announced, and cuts that both ends hear of. */
  readonly calm: boolean
  /** What is spoken besides JSON. */
  readonly speech?: Speech | undefined
  /** Limits that are reached; undefined: those that `serve` has by itself. */
  readonly bounds?: Bounds | undefined
  /** Left out: no call has an idempotency key. */
  readonly keys?: KeysScenario | undefined
  readonly operations: readonly Operation[]
  /** Events, and what servers ask their clients; left out: nothing of it. */
  readonly talk?: readonly TalkOperation[] | undefined
  readonly faults: readonly Fault[]
  /** Topics with their readers; most runs have none. */
  readonly topics?: TopicPlan | undefined
  /** When the faults are over. */
  readonly healedAt: number
}
