// The feed on the wire: what to forget by kind, where the reader stands then, and for a stream a proof of every message.
import { createHmac } from 'node:crypto'

import type { FeedNews } from '../../operations/feed/followers.ts'
import type { FeedEvent, FeedPosition } from '../../domain/feed.ts'
import { InvalidInput } from '../http/errors.ts'

/** `12.m4x8`: the number of the event, and its time in base 36. */
export function encodePosition({ id, at }: FeedPosition): string {
  return `${id}.${at.toString(36)}`
}

/** @throws InvalidInput if the text is no position */
export function decodePosition(text: string): FeedPosition {
  const [, id = '', at = ''] = /^(\d{1,15})\.([0-9a-z]{1,10})$/.exec(text) ?? []
  if (id === '') throw new InvalidInput('after is no position of the feed: use the one that came last', 'after')
  return { id: Number(id), at: Number.parseInt(at, 36) }
}

/** Up to when nothing is missing, in milliseconds since the request. Rounded down: nothing is said of the time after it. */
export function sinceRequest(asOf: number | undefined, begun: number): number | undefined {
  return asOf === undefined ? undefined : Math.floor(asOf - begun)
}

/** The subjects of events, by kind. A kind without any is left out. The first of the tokens, so many, are revoked for good. */
export function encodeEvents(events: readonly FeedEvent[]) {
  const idsOf = (kind: FeedEvent['subject']['kind'], among = events) => {
    const ids = among.flatMap(({ subject }) => (subject.kind === kind ? [String(subject.id)] : []))
    return ids.length === 0 ? undefined : ids
  }
  const revoked = events.filter(({ isFinal }) => isFinal)
  const inOrder = revoked.length === 0 ? events : [...revoked, ...events.filter(({ isFinal }) => !isFinal)]
  return {
    tokens: idsOf('token', inOrder),
    revoked: revoked.length === 0 ? undefined : revoked.length,
    organizations: idsOf('organisation'),
    apps: idsOf('app'),
    people: idsOf('person'),
  }
}

/** The same as text, made once for all streams that tell these events. */
function textOf(events: readonly FeedEvent[]): string {
  const known = texts.get(events)
  if (known !== undefined) return known
  const text = JSON.stringify(encodeEvents(events)).slice(1, -1)
  texts.set(events, text)
  return text
}

const texts = new WeakMap<readonly FeedEvent[], string>()

/**
 * The messages of one stream. Each proves that it is meant for this stream and that none before it is missing: a `mac` over
 * its number and its text, under a key of the verifier and of what the verifier chose for this stream.
 */
export class FeedStream {
  readonly #key: Uint8Array
  readonly #begun: number
  #count = 0
  #position: FeedPosition

  /** `begun`: when the request came, in milliseconds of the monotonic clock. */
  constructor({ key, nonce, begun, from }: StreamStart) {
    this.#key = createHmac('sha256', key).update(`feed ${nonce}`).digest()
    this.#begun = begun
    this.#position = from
  }

  /** A message of Server-Sent Events, with what was heard. */
  message({ events, asOf }: FeedNews, more: { readonly reset?: true } = {}): string {
    this.#position = events.at(-1) ?? this.#position
    const rest = JSON.stringify({ ...more, as_of: sinceRequest(asOf, this.#begun) }).slice(1, -1)
    const data = `{${[textOf(events), rest].filter((part) => part !== '').join(',')}}`
    const id = encodePosition(this.#position)
    const mac = createHmac('sha256', this.#key)
      .update(`${this.#count++}\n${id}\n${data}`)
      .digest()
    return `id: ${id}\nmac: ${mac.toString('base64url')}\ndata: ${data}\n\n`
  }
}

interface StreamStart {
  readonly key: Uint8Array
  readonly nonce: string
  readonly begun: number
  readonly from: FeedPosition
}
