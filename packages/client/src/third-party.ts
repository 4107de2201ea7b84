// One conversation with a third party, as superfly/macaroon's tp/README.md describes it: a ticket goes there, and a
// discharge comes back, at once, or after polling, or after a person has confirmed it.
import { DischargeError } from './errors.ts'
import type { Fetch } from './fetch.ts'
import { parseJson } from './json.ts'
import { PackingError, readText } from './read-text.ts'

export interface ThirdPartyOptions {
  /** Shows a person where to confirm. Without it, a discharge that needs a person fails. */
  readonly onUserUrl?: (url: string, location: string) => void | Promise<void>
  /** Milliseconds for all that needs no person; 30,000 by default. */
  readonly patience?: number
  /** Milliseconds for a person to confirm; 300,000 by default. */
  readonly patienceWithPerson?: number
  readonly fetch?: Fetch
  /** Milliseconds since 1970. */
  readonly now?: () => number
  readonly sleep?: (milliseconds: number) => Promise<void>
}

/**
 * The discharge as the third party wrote it. `deadline` in milliseconds since 1970.
 * @throws DischargeError
 */
export async function askThirdParty(
  location: string,
  ticket: Uint8Array,
  deadline: number,
  options: ThirdPartyOptions,
): Promise<string> {
  const conversation = new Conversation(location, options)
  const start = `${location.replace(/\/$/, '')}/.well-known/macfly/3p`
  const body = JSON.stringify({ ticket: encodeBase64(ticket) })
  const { answer } = await conversation.send('POST', conversation.check(start), deadline, body)
  const { discharge, poll_url, user_interactive } = answer
  if (typeof discharge === 'string' && discharge !== '') return discharge
  if (typeof poll_url === 'string' && poll_url !== '') return conversation.poll(poll_url, deadline)
  if (isRecord(user_interactive)) return conversation.confirm(user_interactive)
  throw conversation.failure('not_a_third_party', 'answered as no third party does')
}

const longestAnswer = 64 * 1024
const longestUrl = 2048
const longestSentence = 300
/** Milliseconds for one request. */
const requestPatience = 10_000
const defaultPatienceWithPerson = 300_000
const longestPause = 5000

interface Received {
  readonly status: number
  readonly answer: Readonly<Record<string, unknown>>
}

class Conversation {
  readonly #location: string
  readonly #options: ThirdPartyOptions
  readonly #now: () => number

  constructor(location: string, options: ThirdPartyOptions) {
    this.#location = location
    this.#options = options
    this.#now = options.now ?? Date.now
  }

  failure(code: DischargeError['code'], predicate: string, cause?: unknown): DischargeError {
    return new DischargeError(code, this.#location, `${this.#location} ${predicate}`, { cause })
  }

  /**
   * An address that may be asked: https, or http on this machine. What a third party elsewhere names must not lead back
   * to this machine.
   */
  check(text: string, from?: URL): URL {
    const url = text.length <= longestUrl && URL.canParse(text, from) ? new URL(text, from) : undefined
    if (url === undefined || url.username !== '' || url.password !== '') {
      throw this.failure('not_a_third_party', 'is or names an address that makes no sense')
    }
    const allowed = isHere(url) ? from === undefined || isHere(from) : url.protocol === 'https:'
    if (allowed && ['http:', 'https:'].includes(url.protocol)) return url
    throw this.failure('address_not_allowed', 'is or names an address that is not asked: it takes https')
  }

  /** Asks until there is an answer, with ever longer pauses. */
  async poll(address: string, deadline: number): Promise<string> {
    const url = this.check(address, this.check(this.#location))
    for (let pause = 1000; ; pause = Math.min(2 * pause, longestPause)) {
      const { status, answer } = await this.send('GET', url, deadline)
      if (status !== 202) {
        if (typeof answer['discharge'] === 'string' && answer['discharge'] !== '') return answer['discharge']
        throw this.failure('not_a_third_party', 'answered as no third party does')
      }
      if (this.#now() + pause >= deadline) throw this.failure('timeout', 'has not answered in time')
      await (this.#options.sleep ?? sleep)(pause)
    }
  }

  /** Shows the person where to confirm, and polls meanwhile. */
  async confirm({ user_url, poll_url }: Readonly<Record<string, unknown>>): Promise<string> {
    if (typeof user_url !== 'string' || typeof poll_url !== 'string') {
      throw this.failure('not_a_third_party', 'answered as no third party does')
    }
    const url = this.check(user_url, this.check(this.#location))
    const { onUserUrl, patienceWithPerson = defaultPatienceWithPerson } = this.#options
    if (onUserUrl === undefined) throw this.failure('needs_person', 'wants a person to confirm this in a browser')
    await onUserUrl(url.href, this.#location)
    return this.poll(poll_url, this.#now() + patienceWithPerson)
  }

  /** One request, which carries nothing but the ticket: no cookies, no Authorization, no redirects. */
  async send(method: 'GET' | 'POST', url: URL, deadline: number, body?: string): Promise<Received> {
    const left = Math.min(requestPatience, deadline - this.#now())
    if (left <= 0) throw this.failure('timeout', 'has not answered in time')
    let status: number | undefined
    let text: string | undefined
    try {
      const response = await (this.#options.fetch ?? globalThis.fetch)(url.href, {
        method,
        headers: { accept: 'application/json', ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
        credentials: 'omit',
        redirect: 'manual',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.timeout(Math.ceil(left)),
        ...(body === undefined ? {} : { body }),
      })
      ;({ status } = response)
      text = await readText(response, longestAnswer)
    } catch (cause) {
      const timedOut = cause instanceof Error && cause.name === 'TimeoutError'
      if (timedOut) throw this.failure('timeout', 'has not answered in time', cause)
      if (status === undefined) throw this.failure('unreachable', 'cannot be reached', cause)
      const why = cause instanceof PackingError ? cause.message : 'breaks off before its end'
      throw this.failure('not_a_third_party', `gives an answer that ${why}`, cause)
    }
    const answer = text === undefined ? undefined : parseRecord(text)
    if (typeof answer?.['error'] === 'string' && status !== 202) throw this.#refusal(answer['error'])
    // The body of "not yet" says nothing.
    if (status === 202) return { status, answer: {} }
    if (answer === undefined || status < 200 || status > 299) {
      throw this.failure('not_a_third_party', 'answered as no third party does')
    }
    return { status, answer }
  }

  #refusal(sentence: string): DischargeError {
    // It comes from elsewhere, and goes to a terminal.
    const clean = sentence.replace(/\p{Cc}+/gu, ' ').slice(0, longestSentence)
    return this.failure('refused', `gives no discharge: ${clean}`)
  }
}

/** Whether the address is on this machine, without asking a name server. */
function isHere({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

function parseRecord(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value = parseJson(text)
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}
