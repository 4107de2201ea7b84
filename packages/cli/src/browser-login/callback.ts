// Waits on this machine for the code that the browser brings.
import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

import { CommandError } from '../errors.ts'

export interface Callback {
  readonly port: number
  /** Rejects with a CommandError where the person denied the login. */
  readonly code: Promise<string>
  /** Lets scripts of this origin know that their code has arrived. */
  allow(origin: string): void
  close(): void
}

const longestCode = 128

/** Listens at a free port of 127.0.0.1; a request without the state is not from this login. */
export async function waitForCallback(state: string): Promise<Callback> {
  const { promise: code, resolve, reject } = Promise.withResolvers<string>()
  // A request without a code is no denial.
  code.catch(() => {})
  let origin: string | undefined

  function answer(request: IncomingMessage, response: ServerResponse): void {
    if (origin !== undefined && request.headers.origin === origin) {
      response.setHeader('access-control-allow-origin', origin)
      response.setHeader('access-control-allow-private-network', 'true')
    }
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end()
      return
    }
    const url = URL.parse(request.url ?? '', 'http://127.0.0.1')
    if (request.method !== 'GET' || url?.pathname !== '/callback')
      return finish(response, 404, 'There is nothing here.')
    const given = url.searchParams.get('code')
    const denied = url.searchParams.get('error') !== null
    if (!isEqual(url.searchParams.get('state') ?? '', state) || (!denied && !isCode(given))) {
      return finish(response, 400, 'This is not the login that the command line waits for.')
    }
    if (denied || given === null) {
      finish(response, 200, 'The command line knows that it may not log in.')
      reject(new CommandError('failed', 'the login was denied on the page'))
    } else {
      finish(response, 200, 'You are logged in. This page can be closed.')
      resolve(given)
    }
  }

  const server = createServer({ maxHeaderSize: 8192, requestTimeout: 10_000, headersTimeout: 10_000 }, answer)
  server.maxConnections = 16
  await new Promise<void>((listening, failed) => {
    server.once('error', (cause) => failed(new CommandError('failed', 'cannot listen at 127.0.0.1', { cause })))
    server.listen(0, '127.0.0.1', listening)
  })
  return {
    port: (server.address() as AddressInfo).port,
    code,
    allow(pageOrigin) {
      origin = pageOrigin
    },
    close() {
      server.close()
      server.closeIdleConnections()
    },
  }
}

function finish(response: ServerResponse, status: number, sentence: string): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    // Its address holds the code.
    'referrer-policy': 'no-referrer',
    connection: 'close',
  })
  response.end(`${sentence}\n`)
}

function isCode(text: string | null): text is string {
  return text !== null && text.length <= longestCode && /^[\w-]+$/.test(text)
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)]
  return a.length === b.length && timingSafeEqual(a, b)
}
