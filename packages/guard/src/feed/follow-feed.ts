// Follows the feed of an authority: opens a stream, proves its messages, and opens the next one where that ended.
import type { Fetch, FetchAnswer } from '@hallpass/client'

import type { ElapsedTime } from '../clock.ts'
import { BackOff } from './back-off.ts'
import { FeedError } from './feed-error.ts'
import { newNonce } from '../nonce.ts'
import { MessageReader, proofKey, type FeedMessage } from './messages.ts'

export interface FeedOptions {
  /** Where the authority is, without a slash at the end. */
  readonly url: string
  readonly credential: string
  readonly fetch: Fetch
  readonly elapsed: ElapsedTime
  /** From 0 to 1. */
  readonly random: () => number
  /** Called with each message, in their order. */
  readonly hear: (message: FeedMessage) => void
  /** Everything that happened before this moment has been heard; of `elapsed`. */
  readonly know: (upTo: number) => void
  /** A stream is over, and the next one is opened soon. */
  readonly lose: (error: FeedError) => void
}

/** Milliseconds without news after which a stream is given up; the authority sends some every second. */
const patience = 3000
/** Milliseconds before somebody whose credential was refused asks again. */
const waitOfRefused = 10_000

/** Follows until it is closed. */
export function followFeed(options: FeedOptions): { close(): void } {
  const closed = new AbortController()
  void follow(options, closed.signal)
  return { close: () => closed.abort() }
}

async function follow(options: FeedOptions, closed: AbortSignal): Promise<void> {
  const backOff = new BackOff(options.random)
  let after: string | undefined
  while (!closed.aborted) {
    const stream = new Stream(options, closed)
    try {
      await stream.read(after, (message) => {
        after = message.after
        backOff.reset()
      })
    } catch (error) {
      stream.end()
      if (closed.aborted) return
      const known = error instanceof FeedError ? error : stream.explain(error)
      options.lose(known)
      await pause(backOff.next(known.code === 'refused' ? Math.max(known.wait, waitOfRefused) : known.wait), closed)
    }
  }
}

/** One request for the feed. */
class Stream {
  readonly #options: FeedOptions
  readonly #ended = new AbortController()
  readonly #unlink: () => void
  #alarm: ReturnType<typeof setTimeout> | undefined
  #isStalled = false

  constructor(options: FeedOptions, closed: AbortSignal) {
    this.#options = options
    const end = () => this.#ended.abort()
    closed.addEventListener('abort', end)
    this.#unlink = () => closed.removeEventListener('abort', end)
  }

  /** @throws FeedError, or what `fetch` throws: it never ends well */
  async read(after: string | undefined, onMessage: (message: FeedMessage) => void): Promise<never> {
    const { elapsed, hear, know, credential } = this.#options
    const nonce = newNonce()
    this.#beAlarmed()
    const sent = elapsed.now()
    const body = expectStream(await this.#open(after, nonce))
    // A `fetch` that another program brings may not look at the signal.
    this.#ended.signal.addEventListener('abort', () => void body.cancel().catch(() => {}))
    const messages = new MessageReader(proofKey(credential, nonce))
    for (;;) {
      const { done, value } = await body.read()
      if (done) throw new FeedError('ended', 'the authority has ended the stream of the feed')
      for (const message of messages.read(value)) {
        // First, so that what follows is never taken for known before it is heard.
        hear(message)
        onMessage(message)
        if (message.asOf === undefined) this.#beAlarmed()
        else {
          const now = elapsed.now()
          // Nobody knows what happens later than now.
          const upTo = Math.min(sent + message.asOf, now)
          know(upTo)
          // News that were held up on their way are no news.
          if (now - upTo < patience) this.#beAlarmed()
        }
      }
    }
  }

  /** What an error of `fetch` means. */
  explain(cause: unknown): FeedError {
    if (this.#isStalled) return new FeedError('stalled', 'the feed has said nothing new for too long', { cause })
    return new FeedError('unavailable', 'the feed of the authority cannot be reached, or broke off', { cause })
  }

  end(): void {
    clearTimeout(this.#alarm)
    this.#unlink()
    this.#ended.abort()
  }

  #open(after: string | undefined, nonce: string): Promise<FetchAnswer> {
    const { url, credential, fetch } = this.#options
    const query = new URLSearchParams({ nonce, ...(after === undefined ? {} : { after }) })
    return fetch(`${url}/v1/revocations?${query.toString()}`, {
      method: 'GET',
      headers: { authorization: `Bearer ${credential}`, accept: 'text/event-stream', 'user-agent': 'hallpass-guard' },
      redirect: 'manual',
      signal: this.#ended.signal,
    })
  }

  #beAlarmed(): void {
    clearTimeout(this.#alarm)
    this.#alarm = setTimeout(() => {
      this.#isStalled = true
      this.#ended.abort()
    }, patience)
  }
}

/** @throws FeedError if it is no stream of the feed */
function expectStream({
  status,
  headers,
  body,
}: FetchAnswer): ReturnType<NonNullable<FetchAnswer['body']>['getReader']> {
  const type = headers.get('content-type') ?? ''
  if (status === 200 && body !== null && type.startsWith('text/event-stream')) return body.getReader()
  if (status === 401 || status === 403) {
    throw new FeedError('refused', 'the authority refuses the credential of this verifier')
  }
  const seconds = Number(headers.get('retry-after') ?? '')
  throw new FeedError('unavailable', `the feed cannot be opened: the authority answered ${status}`, {
    wait: Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0,
  })
}

function pause(milliseconds: number, closed: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, milliseconds)
    closed.addEventListener('abort', done)
    function done(): void {
      clearTimeout(timer)
      closed.removeEventListener('abort', done)
      resolve()
    }
  })
}
