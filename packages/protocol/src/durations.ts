/* Durations of the session layer, in milliseconds (docs/protocol.md, "Liveness" and "Sessions"). */

/** A socket that has sent no HELLO is closed after this. */
export const hello = 5_000
/** From HELLO to WELCOME, at the server. */
export const authentication = 10_000
/** An attempt to connect without WELCOME is given up after this, at the client. */
export const welcome = 15_000

/** Silence after which the server pings. */
export const heartbeat = 20_000
/** Silence beyond the heartbeat after which the server gives a socket up. */
export const serverSilence = 10_000
/** Silence beyond one and a half heartbeats after which the client probes. */
export const clientSilence = 11_000
/** With work in flight and nothing heard, the client probes after this. */
export const fastProbe = 5_000
/** An unanswered probe gives the socket up after this. */
export const probeAnswer = 4_000
/** The server's longest wait before an acknowledgement of its own; the client's is half a heartbeat. */
export const serverAck = 1_000
/** A `dropped` note is due this long after the first value that it counts. */
export const droppedNote = 1_000

/** A channel that is cancelled sooner after its OPEN counts twice among the cancels of a second. */
export const rapidCancel = 1_000
/** A token is believed this long after it has run out: clocks and lines are not exact. */
export const tokenSlack = 5_000
/** An AUTH comes at least this long after the one before it on a socket; a client counts from AUTH_OK. */
export const betweenAuths = 5_000
/** A client renews its token this long before it runs out, or at half of its life if that is shorter. */
export const renewAhead = 60_000

/** What a client that is sent away gets to find another server, before a server without work takes leave. */
export const drainPatience = 2_000

/**
 * What a client whose line broke gets to come back to a server that drains, from when it broke: it may have
 * sent what has not arrived.
 */
export const drainAway = 5_000

/** How long a detached session is kept. */
export const grace = 120_000
/** How long the memory of an ended session is kept. */
export const tombstone = 600_000

/** For so long the record of a keyed call is its server's, without a word of it. */
export const lease = 30_000
/** A server that runs a keyed call renews its lease this often. */
export const leaseRenewal = 10_000
/** A key store that has not answered by then passes for unreachable. */
export const keyStore = 5_000
/**
 * Clients are told that records live this much shorter than they do: what was sent before may be on its
 * way for a whole grace, and clocks differ.
 */
export const keyMargin = 900_000
