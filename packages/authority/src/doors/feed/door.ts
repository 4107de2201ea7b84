// The feed for verifiers: as a stream of Server-Sent Events, or a piece at a time.
import { Readable } from 'node:stream'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import { DurationError, parseDuration } from '@hallpass/client'

import { DomainError } from '../../domain/errors.ts'
import type { FeedEvent } from '../../domain/feed.ts'
import type { Follower, Followers } from '../../operations/feed/followers.ts'
import { openFeed, type OpenedFeed } from '../../operations/feed/open-feed.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { ClientOfRequest } from '../http/address.ts'
import { InvalidInput } from '../http/errors.ts'
import { nobody, openExchange } from '../http/exchange.ts'
import { parse } from '../http/parse.ts'
import { verifierSecretIn } from '../http/verifier.ts'
import { decodePosition, encodeEvents, encodePosition, FeedStream, sinceRequest } from './encode.ts'

const query = z.strictObject({
  after: z.string().max(40).optional(),
  wait: z.string().max(20).optional(),
  nonce: z
    .string()
    .regex(/^[A-Za-z0-9_-]{22,64}$/, { error: 'is not 22 to 64 letters, digits, - and _' })
    .optional(),
})

interface Feed {
  readonly environment: Environment
  readonly followers: Followers
}

/** Seconds. */
const longestWait = 60
/**
 * Bytes that a follower may leave unread, beside what the kernel holds: a thousand of them are within what the answers to a network may
 * take (`connectionBounds`).
 */
const mostUnread = 64 * 1024
/** Bytes. With so much unread, who catches up waits: less than one piece. */
const roomToCatchUp = 16 * 1024
/** Events of a piece, about. */
const mostOfPiece = 10_000

export function openFeedDoor(server: FastifyInstance, feed: Feed): void {
  // Who asks with HEAD would follow without ever reading.
  server.get('/v1/revocations', { exposeHeadRoute: false }, async (request, reply) => {
    const begun = performance.now()
    const { after, wait, nonce } = parse(query, request.query, 'the query')
    const lastSeen = after ?? [request.headers['last-event-id']].flat()[0]
    const position = lastSeen === undefined ? undefined : decodePosition(lastSeen)
    const { perform } = openExchange(feed.environment, nobody, request)
    const opened = await perform(openFeed, { secret: verifierSecretIn(request), position })
    void reply.header('cache-control', 'no-store')
    if (!(request.headers.accept ?? '').includes('text/event-stream')) {
      return readPiece(feed.followers, request, opened, {
        begun,
        wait: position === undefined || wait === undefined ? 0 : readWait(wait),
      })
    }
    if (wait !== undefined) throw new InvalidInput('wait is of no use for a stream, which waits for ever', 'wait')
    return stream(feed.followers, { request, reply }, opened, { begun, nonce: nonce ?? '' })
  })
}

/** Milliseconds. */
function readWait(text: string): number {
  try {
    const seconds = parseDuration(text)
    if (seconds <= longestWait) return seconds * 1000
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    throw new InvalidInput(`wait ${error.message}`, 'wait')
  }
  throw new InvalidInput(`wait is longer than ${longestWait} seconds`, 'wait')
}

interface Waiting {
  /** When the request came, in milliseconds of the monotonic clock. */
  readonly begun: number
  /** Milliseconds. */
  readonly wait: number
}

/** The events up to now, or the first of them; if there are none, the first ones that come in time. */
async function readPiece(
  followers: Followers,
  request: FastifyRequest,
  { from, isLost, verifier }: OpenedFeed,
  { begun, wait }: Waiting,
) {
  if (isLost) return { reset: true, after: encodePosition(from) }
  const heard: FeedEvent[] = []
  let known: number | undefined
  const { promise: ended, resolve } = Promise.withResolvers<'lost' | 'refused' | 'closing' | undefined>()
  const late = setTimeout(() => resolve(undefined), wait)
  const left = () => resolve(undefined)
  request.raw.once('close', left)
  try {
    const leave = await followers.join(
      {
        verifierId: verifier.id,
        network: new ClientOfRequest(request).network(),
        hear({ events, asOf }) {
          heard.push(...events)
          known = asOf
          if (heard.length >= mostOfPiece || (asOf !== undefined && (heard.length > 0 || wait === 0)))
            resolve(undefined)
        },
        hasRoom: () => Promise.resolve(heard.length < mostOfPiece && !request.raw.destroyed),
        end: resolve,
      },
      from,
    )
    const why = await ended
    leave()
    if (why === 'refused') throw new DomainError('unauthenticated', 'this verifier was revoked')
    if (why === 'lost') return { reset: true, after: encodePosition(from) }
    return {
      ...encodeEvents(heard),
      after: encodePosition(heard.at(-1) ?? from),
      as_of: sinceRequest(known, begun),
    }
  } finally {
    clearTimeout(late)
    request.raw.off('close', left)
  }
}

interface Asking {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
}

async function stream(
  followers: Followers,
  { request, reply }: Asking,
  { from, isLost, key, verifier }: OpenedFeed,
  { begun, nonce }: { readonly begun: number; readonly nonce: string },
): Promise<FastifyReply> {
  const messages = new FeedStream({ key, nonce, begun, from })
  let wake: () => void = () => {}
  const body = new Readable({ highWaterMark: roomToCatchUp, read: () => wake() })
  const first = Promise.withResolvers<void>()
  const send = (text: string) => {
    // Who does not read is ended, and begins again where it was.
    if (body.readableLength > mostUnread) body.destroy()
    else body.push(text)
  }
  if (isLost) send(messages.message({ events: [], asOf: undefined }, { reset: true }))
  const follower: Follower = {
    verifierId: verifier.id,
    network: new ClientOfRequest(request).network(),
    hear(news) {
      send(messages.message(news))
      first.resolve()
    },
    async hasRoom() {
      const isFull = !body.destroyed && body.readableLength >= roomToCatchUp
      if (isFull) await new Promise<void>((resolve) => (wake = resolve))
      return !body.destroyed
    },
    end(why) {
      if (why === 'lost') send(messages.message({ events: [], asOf: undefined }, { reset: true }))
      body.push(null)
      first.resolve()
    },
  }
  const joined = followers.join(follower, from)
  body.once('close', () => {
    wake()
    void joined.then(
      (leave) => leave(),
      () => {},
    )
  })
  joined.catch(() => body.destroy())
  // It is refused before it has heard anything. Who is far behind reads while it catches up.
  await Promise.race([joined, first.promise])
  // Proxies shall pass each message on at once.
  void reply.type('text/event-stream').header('x-accel-buffering', 'no')
  return reply.send(body)
}
