import { boundsMutants } from "./bounds-mutants.js"
import { endingMutants } from "./ending-mutants.js"
import { feedMutants } from "./feed-mutants.js"
import { flowMutants } from "./flow-mutants.js"
import { keyedMutants } from "./keyed-mutants.js"
import { leavingMutants } from "./leaving-mutants.js"
import { lossMutants } from "./loss-mutants.js"
import type { Mutant } from "./mutant.js"
import { rightsMutants } from "./rights-mutants.js"
import { sendingMutants } from "./sending-mutants.js"
import { sessionMutants } from "./session-mutants.js"
import { talkMutants } from "./talk-mutants.js"
import { topicMutants } from "./topic-mutants.js"

/** Each is a mistake that a protocol of this kind was seen to make, or is one line away from making. */
export const mutants: readonly Mutant[] = [
  ...sessionMutants,
  ...flowMutants,
  ...rightsMutants,
  ...lossMutants,
  ...endingMutants,
  ...leavingMutants,
  ...talkMutants,
  ...sendingMutants,
  ...topicMutants,
  ...feedMutants,
  ...keyedMutants,
  ...boundsMutants,
]
