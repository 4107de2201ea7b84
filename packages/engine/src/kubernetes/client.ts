// Asks a Kubernetes API server over HTTPS: whole answers, streams, and WebSockets for commands.
import { readFile } from 'node:fs/promises'
import { Agent as PlainAgent, request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { Agent, request as requestHttps } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'

import { WebSocket } from 'ws'

import { EngineError } from '../engine-error.ts'
import { createHttpAnswers } from '../http-answers.ts'
import { parseJson } from '../json-lines.ts'
import { checkAccess, type Access } from './access.ts'
import { errorOfAnswer } from './errors.ts'

interface Question {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** Segments of the path, each to be escaped. */
  readonly path: readonly string[]
  readonly query?: Query
  /** The body; of a PATCH it is merged (RFC 7386). */
  readonly json?: unknown
  readonly abort?: AbortSignal | undefined
}

type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

export interface KubernetesClient {
  /** A whole answer, bounded in size and time. @throws EngineError for statuses from 300 on, except those in `also` */
  ask<T>(question: Question, options?: AskOptions): Promise<Answer<T>>
  /** An answer whose head has come; the caller reads or destroys its body, without a time limit. */
  open(question: Question, also?: readonly number[]): Promise<IncomingMessage>
  /** A WebSocket that is open, and paused. */
  connect(question: Question, protocols: readonly string[]): Promise<WebSocket>
}

interface AskOptions {
  readonly also?: readonly number[]
  readonly maxBytes?: number
}

interface Answer<T> {
  readonly status: number
  readonly value: T
}

export interface ClientOptions {
  readonly access: Access
  /** Milliseconds that the server may take to begin an answer, and to give a whole one. */
  readonly timeoutMs: number
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

export function createClient({ access, timeoutMs, now = Date.now }: ClientOptions): KubernetesClient {
  const { server, ca, cert, key, serverName } = checkAccess(access)
  const tls = { ca, cert, key, ...(serverName === undefined ? {} : { servername: serverName }) }
  const isPlain = server.protocol === 'http:'
  const pool = { keepAlive: true, maxFreeSockets: 16, maxSockets: 64, timeout: 30_000 }
  const kept = isPlain ? new PlainAgent(pool) : new Agent({ ...pool, ...tls })
  const bearer = createBearer(access.token, now)
  const { head, whole, errorOf } = createHttpAnswers({ name: server.host, timeoutMs, reasons })
  const base = server.pathname.replace(/\/$/, '')

  function pathOf({ path, query = {} }: Question): string {
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      [value ?? []].flat().map((one) => `${name}=${encodeURIComponent(one as string)}`),
    )
    return `${base}/${path.map(encodeURIComponent).join('/')}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`
  }

  function prepare(question: Question, authorization: string | undefined, isShared: boolean): ClientRequest {
    const { method = 'GET', json, abort } = question
    const body = json === undefined ? undefined : Buffer.from(JSON.stringify(json))
    const options = {
      host: server.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: server.port || (isPlain ? 80 : 443),
      method,
      path: pathOf(question),
      headers: {
        Accept: 'application/json',
        'User-Agent': 'hallpass',
        ...(authorization === undefined ? {} : { Authorization: authorization }),
        ...(body === undefined ? {} : { 'Content-Type': typeOf(method), 'Content-Length': body.length }),
      },
      signal: abort,
      // A stream keeps its connection for itself.
      agent: isShared ? kept : undefined,
    }
    const request = isPlain ? requestHttp(options) : requestHttps({ ...options, ...tls })
    request.end(body)
    return request
  }

  async function refuse(response: IncomingMessage, abort?: AbortSignal): Promise<never> {
    throw errorOfAnswer(response.statusCode ?? 0, await whole(response, 2 ** 18, abort))
  }

  /** A server has not begun with a request that it answers by 429, as it has too much to do, or by 401, as the token is renewed. */
  async function inTurn<T extends IncomingMessage | WebSocket>(
    question: Question,
    ask: (authorization: string | undefined) => Promise<T>,
  ): Promise<T> {
    const end = now() + timeoutMs
    for (;;) {
      const authorization = await bearer.header()
      const answer = await ask(authorization)
      if (answer instanceof WebSocket) return answer
      if (answer.statusCode === 401 && (await bearer.isRenewed(authorization))) {
        answer.resume()
        continue
      }
      const rest = 1000 * Math.min(Number(answer.headers['retry-after']) || 1, 30)
      if (answer.statusCode !== 429 || now() + rest > end) return answer
      answer.resume()
      await pause(rest, undefined, { signal: question.abort })
    }
  }
  const sendInTurn = (question: Question, isShared: boolean): Promise<IncomingMessage> =>
    inTurn(question, (authorization) => head(() => prepare(question, authorization, isShared), question.abort))

  /** A WebSocket that is open, and paused; or the answer of a server that opens none. */
  function knock(
    question: Question,
    protocols: readonly string[],
    authorization: string | undefined,
  ): Promise<WebSocket | IncomingMessage> {
    return new Promise((resolve, reject) => {
      const url = `${isPlain ? 'ws' : 'wss'}://${server.host}${pathOf(question)}`
      const socket = new WebSocket(url, [...protocols], {
        ...tls,
        headers: authorization === undefined ? {} : { Authorization: authorization },
        handshakeTimeout: timeoutMs,
        maxPayload: 2 ** 22,
        perMessageDeflate: false,
      })
      const onAbort = (): void => socket.terminate()
      question.abort?.addEventListener('abort', onAbort, { once: true })
      const settle = (): void => question.abort?.removeEventListener('abort', onAbort)
      socket.once('open', () => {
        settle()
        socket.pause()
        resolve(socket)
      })
      socket.once('unexpected-response', (_request, response: IncomingMessage) => {
        settle()
        resolve(response)
      })
      socket.on('error', (error) => {
        settle()
        reject(errorOf(error, question.abort))
      })
    })
  }

  return {
    async ask<T>(question: Question, { also = [], maxBytes = 2 ** 22 }: AskOptions = {}): Promise<Answer<T>> {
      const response = await sendInTurn(question, true)
      const status = response.statusCode ?? 0
      if (status >= 300 && !also.includes(status)) await refuse(response, question.abort)
      const text = await whole(response, maxBytes, question.abort)
      return { status, value: parseJson(text) as T }
    },

    async open(question, also = []) {
      const response = await sendInTurn(question, false)
      const status = response.statusCode ?? 0
      if (status >= 300 && !also.includes(status)) await refuse(response, question.abort)
      response.on('error', () => {})
      // A peer that is silent for long may be gone.
      response.socket.setKeepAlive(true, 30_000)
      return response
    },

    async connect(question, protocols) {
      const answer = await inTurn(question, (authorization) => knock(question, protocols, authorization))
      return answer instanceof WebSocket ? answer : refuse(answer, question.abort)
    },
  }
}

interface Bearer {
  readonly header: () => Promise<string | undefined>
  /** Whether the file has another one by now than the one that was refused. */
  readonly isRenewed: (refused: string | undefined) => Promise<boolean>
}

/** The header of the token: a file is read again now and then, since a kubelet renews it, and when it is refused. */
function createBearer(token: Access['token'], now: () => number): Bearer {
  let known = { header: typeof token === 'string' ? `Bearer ${token}` : undefined, until: Infinity }
  if (typeof token !== 'object') return { header: async () => known.header, isRenewed: async () => false }
  known.until = 0
  async function header(file: string): Promise<string | undefined> {
    if (now() < known.until) return known.header
    try {
      known = { header: `Bearer ${(await readFile(file, 'utf8')).trim()}`, until: now() + tokenLifeMs }
    } catch (cause) {
      throw new EngineError('unavailable', `The token of the engine cannot be read from ${file}`, { cause })
    }
    return known.header
  }
  return {
    header: () => header(token.file),
    async isRenewed(refused) {
      if (known.header === refused) known.until = 0
      return (await header(token.file)) !== refused
    },
  }
}

const tokenLifeMs = 30_000

const reasons: ReadonlyMap<string, string> = new Map([
  ['ECONNREFUSED', 'nobody listens there. Is the API server running?'],
  ['ECONNRESET', 'it went away while it was asked'],
  ['socket hang up', 'it went away while it was asked'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'its certificate is not of the certificate-authority'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'its certificate is not of the certificate-authority'],
])

function typeOf(method: string): string {
  return method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
}
