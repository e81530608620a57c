import { type Codec, type RejectBody, rejectSubprotocol } from "@trunkline/protocol"

/** Characters of an origin that are told again: a close frame has room for few more. */
const mostOrigin = 80

/** What a client asks for before it has a socket. */
export interface UpgradeOffer {
  /** The subprotocols that it speaks. */
  readonly protocols: readonly string[]
  /** The `Origin` header, where a browser sent one. */
  readonly origin: string | undefined
  /** The `Host` header. */
  readonly host: string | undefined
  /** Where it comes from, for the limits of one address; undefined where the runtime does not tell. */
  readonly address: string | undefined
}

/** What an adapter does about it. */
export interface UpgradeAnswer {
  /** To be chosen in the handshake. */
  readonly subprotocol: string
  /** Why not: to be given to `refuse` with the socket, so that a browser learns it. */
  readonly reject?: RejectBody
}

/** There will be no socket, but a plain HTTP answer. */
export interface UpgradeRefusal {
  /** 400: nothing that this client understands. 503: not now. */
  readonly status: 400 | 503
}

/**
 * Which subprotocol to choose, and what to say on it where this client may not come in.
 *
 * @param codecs best first
 * @param origins of pages that may connect; undefined: those of this host alone
 * @returns undefined where it understands nothing that could be said
 */
export function answerTo(
  offer: UpgradeOffer,
  codecs: readonly Codec[],
  origins: readonly string[] | undefined,
): UpgradeAnswer | undefined {
  if (!isAllowed(offer, origins)) {
    const origin = offer.origin?.slice(0, mostOrigin)
    return rejection(offer, { code: "origin", message: `pages of ${origin} may not connect` })
  }
  const codec = codecs.find(({ subprotocol }) => offer.protocols.includes(subprotocol))
  if (codec) return { subprotocol: codec.subprotocol }
  const supported = codecs.map(({ subprotocol }) => subprotocol)
  return rejection(offer, { code: "version", message: "no subprotocol in common", supported })
}

/** A client that is no browser sends no origin, and needs no protection from other pages. */
function isAllowed(
  { origin, host }: UpgradeOffer,
  origins: readonly string[] | undefined,
): boolean {
  if (origin === undefined) return true
  if (origins) return origins.includes(origin)
  return URL.canParse(origin) && new URL(origin).host === host
}

/** A browser learns nothing of a socket that was not opened: it is opened to say why. */
function rejection({ protocols }: UpgradeOffer, reject: RejectBody): UpgradeAnswer | undefined {
  return protocols.includes(rejectSubprotocol)
    ? { subprotocol: rejectSubprotocol, reject }
    : undefined
}
