import type { Log } from "@trunkline/endpoint"
import {
  type Codec,
  type Encoded,
  type HelloBody,
  type KeyTerms,
  type RejectBody,
  type RejectCode,
  type Resume,
  readHello,
  rejectMessage,
  type WelcomeBody,
  welcomeMessage,
} from "@trunkline/protocol"
import * as closeCodes from "@trunkline/protocol/close-codes"
import * as durations from "@trunkline/protocol/durations"
import type { Host, Transport } from "@trunkline/transport"
import { customRandom, urlAlphabet } from "nanoid"
import { type Authentication, anonymousName, type Known, nameOf } from "./authentication.js"
import type { RetryAfter } from "./entrance.js"
import type { Credentials } from "./options.js"
import type { ServerSession } from "./server-session.js"
import type { Admission, Lost, Newcomer } from "./sessions.js"
import type { Refusal } from "./stats.js"

/** Characters of a session's id and of its secret: 126 and 258 random bits. */
const sidLength = 21
const secretLength = 43
/** Characters of the hash that a client sees of its principal. */
const subjectLength = 22

/** Who comes while the server drains: there is another one, or will be. In milliseconds. */
const comeBackAfter: RetryAfter = [500, 5_000]

/** What a handshake needs of its server. */
export interface HandshakeContext {
  readonly host: Host
  readonly log: Log
  readonly authentication: Authentication
  admit(newcomer: Newcomer): Admission
  /** When to come back, if too many say just now who they are. */
  hello(resume: Resume | undefined, address: string | undefined): RetryAfter | undefined
  /** A socket has its session. */
  attached(session: ServerSession): void
  /** The fingerprint of the contract, where the server knows it. */
  readonly contract: string | undefined
  /** What every WELCOME says of the server. */
  readonly terms: Pick<WelcomeBody, "limits" | "hb" | "grace" | "caps">
  /** Told why a client is not let in. */
  refused(reason: Refusal): void
  /** How far idempotency keys can be relied upon now; undefined: not, or nobody needs them. */
  keys(): KeyTerms | undefined
  /**
   * It has ended, well or not.
   *
   * @param refused its socket, which is being closed and may take its time
   */
  done(handshake: Handshake, refused: Transport | undefined): void
}

/** The socket that somebody wants in by. */
export interface Socket {
  readonly transport: Transport
  readonly codec: Codec
  readonly credentials: Omit<Credentials, "token">
}

/**
 * The first seconds of a socket, before it belongs to a session: HELLO, who it is, and the attach step
 * (docs/protocol.md, "Attach").
 *
 * Must hold (S10): nothing is dispatched, and no session is touched, before the client is known.
 */
export class Handshake {
  readonly #socket: Socket
  readonly #context: HandshakeContext
  #greeted = false
  #over = false
  /** Principals whose rights were taken away since it began. */
  readonly #revoked = new Set<string>()
  readonly #cancelTimeout: () => void

  constructor(socket: Socket, context: HandshakeContext) {
    this.#socket = socket
    this.#context = context
    const { host } = context
    this.#cancelTimeout = host.wakeAt(host.now() + durations.hello, () =>
      this.#close(closeCodes.LATE, "no HELLO in time"),
    )
    socket.transport.listen({
      message: (wire) => this.#message(wire),
      closed: () => this.#finish(),
    })
  }

  /** The server is closing. */
  abandon(code: number, reason: string): void {
    this.#close(code, reason)
  }

  /** Whatever `authenticate` is about to say, this principal does not get in. */
  revoke(principal: string): void {
    this.#revoked.add(principal)
  }

  #message(wire: Encoded): void {
    if (this.#greeted) return this.#close(closeCodes.PROTOCOL, "a message before WELCOME")
    const hello = readHello(this.#socket.codec, wire)
    if (!hello) return this.#close(closeCodes.PROTOCOL, "the first message is no HELLO")
    this.#greeted = true
    const { remote } = this.#socket.credentials
    const busy = this.#context.hello(hello.resume ?? undefined, remote)
    if (busy) {
      return this.#reject("hellos", "busy", "too many clients at once", { retryAfterMs: busy })
    }
    this.#cancelTimeout()
    void this.#greet(hello)
  }

  async #greet(hello: HelloBody): Promise<void> {
    try {
      const token = hello.auth ?? undefined
      const credentials = { ...this.#socket.credentials, token }
      const known = await this.#context.authentication.identify(credentials)
      const random = (length: number) => this.#random(length)
      const secret = random(secretLength)
      const newcomer = await this.#newcomer(hello, known, random(sidLength), secret)
      if (!this.#over) this.#attach(hello, known, newcomer, secret)
    } catch (error) {
      this.#refuse(error)
    }
  }

  async #newcomer(
    hello: HelloBody,
    { principal }: Known,
    sid: string,
    secret: string,
  ): Promise<Newcomer> {
    const { host } = this.#context
    const resume = hello.resume ?? undefined
    const [anonymous, secretHash, shownHash] = await Promise.all([
      host.hash(`instance:${hello.instance}`),
      host.hash(secret),
      resume && host.hash(resume.secret),
    ])
    const whose = principal === undefined ? anonymousName(anonymous) : nameOf(principal)
    const subject = (await host.hash(`subject:${whose}`)).slice(0, subjectLength)
    const { codec } = this.#socket
    const { instance } = hello
    return { principal: whose, subject, codec, instance, resume, shownHash, sid, secretHash }
  }

  /** From here to the end nothing waits: what was decided is what is attached. */
  #attach(hello: HelloBody, known: Known, newcomer: Newcomer, secret: string): void {
    if (this.#revoked.has(newcomer.principal))
      return this.#reject("forbidden", "forbidden", "revoked")
    const admission = this.#context.admit(newcomer)
    if (admission.type === "refused") return this.#close(admission.code, admission.reason)
    if (admission.type === "draining") {
      const more = { retryAfterMs: comeBackAfter, ...told(admission) }
      return this.#reject("draining", "draining", "the server is draining", more)
    }
    if (admission.type === "busy") {
      return this.#reject("connections", "busy", "too many sockets of one principal")
    }
    const { transport, codec, credentials } = this.#socket
    const { session, type } = admission
    const resumed = type === "resumed"
    const keys = this.#context.keys()
    if (!this.#finish()) return
    const { exp } = known
    if (type === "new") this.#compare(hello.contract ?? undefined, newcomer.sid)
    const welcome: WelcomeBody = {
      sid: session.identity.sid,
      subject: newcomer.subject,
      resumed,
      rx: session.driver.session.applied,
      ...this.#context.terms,
      ...(keys && { keys }),
      ...(exp !== undefined && { exp }),
      ...(type === "new" && { secret, ...told(admission) }),
    }
    transport.send(welcomeMessage(codec, welcome))
    const rx = resumed ? (hello.resume?.rx ?? 0) : 0
    const attachment = { rx, limits: hello.limits, heartbeat: welcome.hb, exp }
    session.attach(transport, attachment, known.context, credentials)
    this.#context.attached(session)
  }

  /** A page that is still open after the service has changed is nobody's fault, and good to know. */
  #compare(stated: string | undefined, session: string): void {
    const { contract, log } = this.#context
    if (stated === undefined || contract === undefined || stated === contract) return
    log({ level: "warn", message: "another contract", session, stated, contract })
  }

  #refuse(error: unknown): void {
    const { code, message } = this.#context.authentication.refusal(error)
    if (code === "late") this.#close(closeCodes.LATE, message)
    else this.#reject(code, code, message)
  }

  /** @param reason under which it is counted */
  #reject(reason: Refusal, code: RejectCode, message: string, more?: Partial<RejectBody>): void {
    if (this.#over) return
    this.#context.refused(reason)
    const { transport, codec } = this.#socket
    transport.send(rejectMessage(codec, { code, message: message.slice(0, 200), ...more }))
    this.#close(closeCodes.rejectCloseCodes[code], message)
  }

  #close(code: number, reason: string): void {
    const { transport, credentials } = this.#socket
    if (!this.#finish(transport)) return
    const { remote } = credentials
    this.#context.log({ level: "warn", message: "handshake refused", code, reason, remote })
    transport.close(code, reason)
  }

  /** `false`: it has ended before. */
  #finish(refused?: Transport): boolean {
    if (this.#over) return false
    this.#over = true
    this.#cancelTimeout()
    this.#context.done(this, refused)
    return true
  }

  #random(length: number): string {
    return customRandom(urlAlphabet, length, (bytes) => this.#context.host.random(bytes))()
  }
}

/** Of a session that is over. */
function told({ why, prior }: Lost): Pick<WelcomeBody, "why" | "prior"> {
  return { ...(why && { why }), ...(prior && { prior }) }
}
