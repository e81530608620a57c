import type { Call } from "@trunkline/contract"
import type { AcceptedChannel, KeyTerms } from "@trunkline/protocol"
import type { Host } from "@trunkline/transport"
import type { Desk, KeyedDesk } from "../dispatch/desk.js"
import type { Entry } from "../handlers/router.js"
import type { Log } from "../log.js"
import type { KeyStore } from "./key-store.js"
import { KeyedCall } from "./keyed-call.js"
import { Keys } from "./keys.js"

/** What a dispatcher is given where the contract has keyed calls: all sessions of a server share it. */
export class KeyedCalls implements KeyedDesk {
  readonly #keys: Keys

  constructor(store: KeyStore, host: Host, log: Log) {
    this.#keys = new Keys(store, host, log)
  }

  get terms(): KeyTerms | undefined {
    return this.#keys.terms
  }

  start(desk: Desk, entry: Entry, procedure: Call, channel: AcceptedChannel): void {
    new KeyedCall(this.#keys, desk, entry, procedure, channel).start()
  }
}
