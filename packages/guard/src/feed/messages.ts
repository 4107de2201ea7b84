// The stream of the feed: from bytes to messages, of which each is proven.
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'

import { isObject, isText, listOf } from '../outside.ts'
import { FeedError } from './feed-error.ts'
import { eventAt, type Subject } from './subjects.ts'

/** What the feed said, once its proof is right. */
export interface FeedMessage {
  /** Where a reader goes on. */
  readonly after: string
  /** The number of its last event, or of the last one before it. */
  readonly event: number
  /** Everything is to be forgotten. */
  readonly isReset: boolean
  readonly subjects: readonly Subject[]
  /** Those of them that are dead for good. */
  readonly revoked: readonly Subject[]
  /** Up to when nothing is missing, in milliseconds since the request; undefined where more comes at once. */
  readonly asOf: number | undefined
}

/** Characters of one message. A thousand events, the most in one, take 40,000. */
const longestMessage = 262_144

/** The key of the proofs of one stream: of the credential, and of the nonce that was chosen for this stream. */
export function proofKey(credential: string, nonce: string): Uint8Array {
  return hmac(sha256, sha256(utf8ToBytes(credential)), utf8ToBytes(`feed ${nonce}`))
}

/** Reads the messages of one stream, in the pieces in which it comes. */
export class MessageReader {
  readonly #key: Uint8Array
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #text = ''
  #count = 0

  constructor(key: Uint8Array) {
    this.#key = key
  }

  /**
   * The messages that are complete with this piece, one by one: what stands before a broken one counts.
   * @throws FeedError if one is too long, is not proven, or says what no authority says
   */
  *read(piece: Uint8Array): Generator<FeedMessage, void, undefined> {
    this.#text += this.#decode(piece)
    let start = 0
    for (let end = this.#text.indexOf('\n\n'); end !== -1; end = this.#text.indexOf('\n\n', start)) {
      yield this.#prove(this.#text.slice(start, end))
      start = end + 2
    }
    this.#text = this.#text.slice(start)
    if (this.#text.length > longestMessage) throw new FeedError('broken', 'a message of the feed is too long')
  }

  #decode(piece: Uint8Array): string {
    try {
      return this.#decoder.decode(piece, { stream: true })
    } catch (cause) {
      throw new FeedError('broken', 'the feed is not UTF-8', { cause })
    }
  }

  #prove(text: string): FeedMessage {
    const fields = new Map(text.split('\n').map(splitField))
    const [id = '', mac = '', data = ''] = ['id', 'mac', 'data'].map((name) => fields.get(name))
    const proof = hmac(sha256, this.#key, utf8ToBytes(`${this.#count}\n${id}\n${data}`))
    if (!isProof(mac, proof)) throw new FeedError('broken', 'a message of the feed is not proven')
    this.#count += 1
    return readMessage(id, data)
  }
}

/** A line of Server-Sent Events. */
function splitField(line: string): [string, string] {
  const colon = line.indexOf(': ')
  return colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 2)]
}

/** In constant time. */
function isProof(mac: string, proof: Uint8Array): boolean {
  const right = toBase64Url(proof)
  let difference = mac.length ^ right.length
  for (let i = 0; i < right.length; i += 1) difference |= right.charCodeAt(i) ^ mac.charCodeAt(i)
  return difference === 0
}

function toBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '')
}

function readMessage(id: string, data: string): FeedMessage {
  const said = parse(data)
  const event = eventAt(id)
  if (!isObject(said) || event === undefined) throw new FeedError('broken', 'a message of the feed says nothing')
  const { as_of: asOf, reset, revoked = 0 } = said
  const tokens = subjectsOf('token', said['tokens'])
  if (!isCount(revoked, tokens.length)) throw new FeedError('broken', 'a message of the feed does not count its tokens')
  return {
    after: id,
    event,
    isReset: reset === true,
    subjects: [
      ...tokens,
      ...subjectsOf('organization', said['organizations']),
      ...subjectsOf('app', said['apps']),
      ...subjectsOf('person', said['people']),
    ],
    revoked: tokens.slice(0, revoked),
    asOf: typeof asOf === 'number' ? asOf : undefined,
  }
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch (cause) {
    throw new FeedError('broken', 'a message of the feed is no JSON', { cause })
  }
}

function subjectsOf(kind: 'token' | 'organization' | 'app' | 'person', ids: unknown): readonly Subject[] {
  if (ids === undefined) return []
  const all = listOf(ids, isText)
  if (all === undefined) throw new FeedError('broken', 'a message of the feed names what has no name')
  return all.map((id): Subject => `${kind} ${id}`)
}
