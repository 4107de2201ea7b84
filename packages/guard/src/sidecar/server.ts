// The HTTP server of a sidecar: what it reads, how much of it, and for how long.
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'

import { findRepeatedHeader, type Trusts } from '../forwarded/index.ts'
import { describeRefusal, send, type Answer } from './answer.ts'
import { boundConnections, type ConnectionBounds } from './connections.ts'
import { invalid, Refused } from './refused.ts'

export interface ServerBounds extends ConnectionBounds {
  /** Milliseconds in which a head, and a whole request, must arrive; also the interval of that check. */
  readonly patience: number
  readonly lookingInterval: number
  /** Milliseconds in which some part of an answer must be taken. */
  readonly readingPatience: number
  /** Milliseconds for which an idle connection is kept, longer than by proxies. */
  readonly keepAlive: number
  /** Milliseconds in which requests under way are answered once it closes. */
  readonly closing: number
}

export const serverBounds: ServerBounds = {
  connections: 8192,
  connectionsOfSite: 1024,
  requestsOfConnection: 8,
  bytes: 256 * 1024 * 1024,
  bytesOfSite: 64 * 1024 * 1024,
  weighingInterval: 500,
  patience: 30_000,
  lookingInterval: 5000,
  readingPatience: 120_000,
  keepAlive: 620_000,
  closing: 5000,
}

/** A header of 64 KiB of tokens, and room for the others. */
const maxHeaderSize = 80 * 1024
const mostHeaders = 100
const longestAddress = 8192

/** @throws Refused, or what is unforeseen */
export type Answering = (request: IncomingMessage, url: string) => Answer | Promise<Answer>

/**
 * A server that does not listen yet.
 * @param report called with errors that nobody has foreseen
 */
export function createBoundedServer(
  answer: Answering,
  report: (error: unknown) => void,
  trusts: Trusts | undefined,
  bounds: ServerBounds,
): Server {
  const { patience, lookingInterval, readingPatience, keepAlive } = bounds
  const server = createServer(
    {
      maxHeaderSize,
      headersTimeout: patience,
      requestTimeout: patience,
      connectionsCheckingInterval: lookingInterval,
      keepAliveTimeout: keepAlive,
      insecureHTTPParser: false,
    },
    (request, response) => {
      if (mayBegin(request, response)) void respond(request, response)
    },
  )
  const mayBegin = boundConnections(server, bounds, trusts)
  server.maxHeadersCount = mostHeaders
  server.timeout = readingPatience
  const beginning = randomBytes(9).toString('base64url')
  let count = 0

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const id = `${beginning}-${(count += 1).toString(36)}`
    let made: Answer
    try {
      made = await answer(request, checkBounds(request))
    } catch (error) {
      // Who has left in the middle of a request gets no answer.
      if (request.destroyed && !request.complete) return
      if (!(error instanceof Refused)) report(error)
      made = describeRefusal(error, id)
    }
    // Who asks again connects anew, to another process. What is left of a request is not read.
    if (!server.listening || !request.complete) response.shouldKeepAlive = false
    send(response, id, made)
  }

  return server
}

/** Ends once all requests under way are answered, or the time for that is over. */
export async function closeServer(server: Server, { closing }: ServerBounds): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  server.closeIdleConnections()
  const late = setTimeout(() => server.closeAllConnections(), closing)
  await closed
  clearTimeout(late)
}

/** Its address. @throws Refused */
function checkBounds({ url = '', rawHeaders }: IncomingMessage): string {
  if (url.length > longestAddress) {
    throw invalid(`the address is too long: ${longestAddress} characters are the limit`)
  }
  // Some versions of Node drop headers beyond their limit, and others refuse the request themselves.
  if (rawHeaders.length >= 2 * mostHeaders) {
    throw invalid(`the request has too many headers: ${mostHeaders - 1} are the limit`)
  }
  const repeated = findRepeatedHeader(rawHeaders)
  if (repeated !== undefined) throw invalid(`the header ${repeated} appears twice`)
  return url
}
