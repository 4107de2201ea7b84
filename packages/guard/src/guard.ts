// The guard: answers about headers from memory, asks the authority about what it does not know, and hears what it must forget.
import { createClient, parseGrace, type AskedAccess, type Fetch } from '@hallpass/client'

import { parseAddress } from '@hallpass/macaroon/internal'

import { takeAccess, type NamedAccess } from './access.ts'
import { AuthorityTime, ElapsedTime, ownClocks, type Clocks } from './clock.ts'
import { decide, isRead, living } from './decide.ts'
import { followFeed } from './feed/follow-feed.ts'
import { Happened } from './memory/happened.ts'
import { Memory } from './memory/memory.ts'
import { longestTrust, Trust } from './memory/trust.ts'
import { createQuestions, longestQuestion, QuestionError } from './questions/ask-in-batches.ts'
import { Learner, type Found } from './questions/learner.ts'
import { refuse, VerifiedToken, type Refusal, type Verdict, type Verification } from './verdict.ts'

export interface GuardOptions {
  /** Where the authority is, as `https://auth.example.com`; a path in it is kept. */
  readonly authority: string
  /** Of a verifier: `hallpass verifiers create` prints it. */
  readonly credential: string
  /** Bytes of memory for what is known of tokens; 64 MiB by default, which is enough for 100,000. */
  readonly capacity?: number
  /**
   * How long accesses that only read pass by what is remembered while the authority cannot be asked, as `5m`. A REVOKED TOKEN THEN READS
   * FOR SO LONG. Not at all by default.
   */
  readonly graceForReads?: string
  readonly fetch?: Fetch
  /** For tests. */
  readonly clocks?: Clocks
}

export interface Asker {
  /** The address that sent the header, if the service knows it: what it wastes is counted for it, and not for all. */
  readonly from?: string | undefined
}

export interface GuardState {
  /** Whether what is remembered is believed now. */
  readonly isFresh: boolean
  /** Milliseconds since the last moment of which everything is known; Infinity before the feed was heard. */
  readonly behind: number
  /** What keeps it from the authority, if something does. */
  readonly trouble: string | undefined
  /** Whether a read may pass now only because of `graceForReads`. */
  readonly isInGrace: boolean
  /** Bytes of what is remembered, about. */
  readonly remembered: number
}

export interface Guard {
  /**
   * The tokens of an Authorization header that are good now, as `POST /v1/tokens/authenticate` finds them; at once if nobody must be
   * asked. It throws nothing for what is sent.
   */
  verify(header: string | undefined, asker?: Asker): Verification | Promise<Verification>
  /**
   * Whether a token of the header allows the access, as `POST /v1/tokens/authorize` decides it; at once if nobody must be asked.
   * @throws TypeError if the access is none: a field is unknown, or of another form
   */
  allow(header: string | undefined, access: AskedAccess, asker?: Asker): Verdict | Promise<Verdict>
  /** Begins to follow the feed, and resolves once it was heard, or the guard is closed. The first question begins to follow it too. */
  ready(): Promise<void>
  state(): GuardState
  /** Forgets everything, and follows the feed no more. */
  close(): void
}

const usualCapacity = 64 * 1024 * 1024
/** A hundred headers with very many tokens have less in theirs. Something in between shall not fill the memory. */
const mostOfAnswer = { bytes: 32 * 1024 * 1024, parts: 500_000 }
/** An answer that something has overtaken is asked for again, so often in all. */
const mostAttempts = 3

/**
 * Makes a guard, which asks nobody before its first question.
 * @throws TypeError if the address or the credential can be none; DurationError if `graceForReads` is none
 */
export function createGuard(options: GuardOptions): Guard {
  const { credential, capacity = usualCapacity, fetch = globalThis.fetch, clocks = ownClocks } = options
  const url = takeAddress(options.authority)
  if (!/^fv1_[A-Za-z0-9_-]{20,200}$/.test(credential)) {
    throw new TypeError('credential is none of a verifier: those begin with fv1_')
  }
  const grace = options.graceForReads === undefined ? 0 : parseGrace(options.graceForReads) * 1000

  const elapsed = new ElapsedTime(clocks)
  const time = new AuthorityTime(elapsed)
  const happened = new Happened()
  const trust = new Trust(happened, time)
  const memory = new Memory(trust, capacity)
  let feed: { close(): void } | undefined
  const closed = new AbortController()
  let troubleOfFeed: string | undefined
  let troubleOfQuestions: string | undefined
  const heard = new Set<() => void>()

  function forgetEverything(event?: number): void {
    happened.reset(event)
    trust.reset()
    memory.forget()
  }

  const questions = createQuestions({
    client: createClient({
      url,
      token: credential,
      userAgent: 'hallpass-guard',
      timeout: longestQuestion,
      mostOfAnswer,
      fetch,
    }),
    elapsed,
    tellTime: (told, sent) => time.tell(told, sent),
    isInTrouble() {
      const behind = trust.behind(elapsed.now())
      return behind > longestTrust && behind < Infinity
    },
    noteOutcome(error) {
      troubleOfQuestions = error?.message
      if (error?.code === 'refused') forgetEverything()
    },
  })
  const learner = new Learner({ questions, memory, trust, happened, elapsed })

  function follow(): void {
    if (closed.signal.aborted) return
    feed ??= followFeed({
      url,
      credential,
      fetch,
      elapsed,
      random: Math.random,
      hear({ event, subjects, revoked, isReset }) {
        if (isReset) forgetEverything(event)
        happened.hear(event, subjects, revoked)
      },
      know(upTo) {
        trust.know(upTo)
        troubleOfFeed = undefined
        for (const tell of heard) tell()
        heard.clear()
      },
      lose(error) {
        troubleOfFeed = error.message
        if (error.code === 'refused') forgetEverything()
      },
    })
  }

  /** What follows from what is remembered; undefined if that is not enough, or not believed. */
  function concludeAtOnce<Made>({ header, access, conclude }: Question<Made>, longer = 0): Made | Refusal | undefined {
    const now = elapsed.now()
    const found = learner.recall(header, access, now)
    if (found === undefined || 'allowed' in found) return found
    return concludeFrom(found, conclude, now, longer)
  }

  function concludeFrom<Made>(found: Found, conclude: Conclude<Made>, now: number, longer = 0): Made | undefined {
    const at = time.at(now)
    return at !== undefined && learner.isBelieved(found, now, longer) ? conclude(found, at) : undefined
  }

  /** Asks what is missing, until nothing has overtaken the answer. */
  async function ask<Made>(question: Question<Made>, { from }: Asker): Promise<Made | Refusal> {
    const { header, access, conclude } = question
    try {
      for (let attempt = 0; attempt < mostAttempts; attempt += 1) {
        const { history } = happened
        const found = await learner.learn(header ?? '', access, takeFrom(from))
        if (closed.signal.aborted) break
        if (happened.history !== history) continue
        if ('allowed' in found) return found
        const made = concludeFrom(found, conclude, elapsed.now())
        if (made !== undefined) return made
      }
    } catch (error) {
      if (!(error instanceof QuestionError)) throw error
      const isGraceful = error.code === 'unavailable' && grace > 0 && access !== undefined && isRead(access)
      const made = isGraceful ? concludeAtOnce(question, grace) : undefined
      return made ?? refuse(error.code === 'overloaded' ? 'rate_limited' : 'unavailable', error.message)
    }
    return refuse('unavailable', 'it is not known now whether the token is good: try again in a moment')
  }

  function answer<Made>(question: Question<Made>, asker: Asker): Made | Refusal | Promise<Made | Refusal> {
    if (closed.signal.aborted) return refuse('unavailable', 'this service is stopping: try again in a moment')
    follow()
    return concludeAtOnce(question) ?? ask(question, asker)
  }

  return {
    verify(header, asker = {}) {
      return answer({ header, access: undefined, conclude: verifyTokens }, asker)
    },

    allow(header, asked, asker = {}) {
      const access = takeAccess(asked)
      const conclude = ({ tokens, places }: Found, now: number) => decide(tokens, access, places, now)
      return answer({ header, access, conclude }, asker)
    },

    ready() {
      follow()
      return new Promise((resolve) => {
        if (closed.signal.aborted || trust.behind(elapsed.now()) < Infinity) resolve()
        else heard.add(resolve)
      })
    },

    state() {
      const behind = trust.behind(elapsed.now())
      const isFresh = behind <= longestTrust
      return {
        isFresh,
        behind,
        trouble: troubleOfFeed ?? troubleOfQuestions,
        isInGrace: grace > 0 && !isFresh && troubleOfQuestions !== undefined,
        remembered: memory.weight,
      }
    },

    close() {
      closed.abort()
      feed?.close()
      forgetEverything()
      for (const tell of heard) tell()
    },
  }
}

interface Question<Made> {
  readonly header: string | undefined
  /** Undefined if only the tokens are asked about. */
  readonly access: NamedAccess | undefined
  readonly conclude: Conclude<Made>
}

/** `now` in milliseconds since 1970. */
type Conclude<Made> = (found: Found, now: number) => Made

function verifyTokens({ tokens }: Found, now: number): Verification {
  const left = living(tokens, now)
  if ('allowed' in left) return left
  const [first, ...others] = left.map((token) => new VerifiedToken(token))
  return first === undefined
    ? refuse('unauthenticated', 'this request carries no token')
    : { allowed: true, tokens: [first, ...others] }
}

/** What is no address would spoil the question for others that go with it. */
function takeFrom(from: string | undefined): string | undefined {
  return from !== undefined && from.length <= 100 && parseAddress(from) !== undefined ? from : undefined
}

/** @throws TypeError */
function takeAddress(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (
    url === undefined ||
    !/^https?:$/.test(url.protocol) ||
    url.username + url.password + url.search + url.hash !== ''
  ) {
    throw new TypeError('authority is no address: give it as https://auth.example.com')
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '')
}
