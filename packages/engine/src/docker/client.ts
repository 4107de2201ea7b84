// Asks a Docker Engine over HTTP: whole answers, streams, and connections that are handed over (`Upgrade: tcp`).
import { Agent, request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Duplex } from 'node:stream'

import { EngineError } from '../engine-error.ts'
import { createHttpAnswers } from '../http-answers.ts'
import { parseJson } from '../json-lines.ts'
import { checkEndpoint, nameOf, type Endpoint } from './endpoint.ts'
import { errorOfAnswer } from '../words-of-engines.ts'

interface Question {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE'
  /** Segments of the path, each to be escaped. */
  readonly path: readonly string[]
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly json?: unknown
  readonly body?: { readonly type: string; readonly bytes: Uint8Array }
  readonly headers?: Readonly<Record<string, string>>
  readonly abort?: AbortSignal | undefined
  /** How long the engine may take to begin the answer, in the place of the usual time. */
  readonly headMs?: number
}

export interface DockerClient {
  /** A whole answer, as JSON where it has a body, bounded in size and time. Statuses from 300 on are thrown. */
  ask<T>(question: Question, options?: AskOptions): Promise<Answer<T>>
  /** An answer whose head has come; the caller reads or destroys its body, without a time limit. */
  open(question: Question): Promise<IncomingMessage>
  /** The connection itself, for what runs in both directions. */
  takeOver(question: Question): Promise<Duplex>
}

interface AskOptions {
  /** Statuses that are answers too. */
  readonly also?: readonly number[]
  readonly maxBytes?: number
}

interface Answer<T> {
  readonly status: number
  readonly date: Date
  readonly value: T
}

export interface ClientOptions {
  readonly endpoint: Endpoint
  /** How long the engine may take to begin an answer, and to give a whole one. */
  readonly timeoutMs: number
  /** Called when nobody answers: the next engine may have another configuration. */
  readonly onLost?: () => void
}

export function createClient({ endpoint, timeoutMs, onLost = () => {} }: ClientOptions): DockerClient {
  checkEndpoint(endpoint)
  // A new connection costs more than most requests. One that is idle for a second may be dead without notice.
  const kept = new Agent({ keepAlive: true, maxFreeSockets: 16, timeout: 1000 })
  const once = new Agent()
  let version: Promise<string> | undefined
  const { head, whole, tooSlow, errorOf } = createHttpAnswers({
    name: nameOf(endpoint),
    timeoutMs,
    reasons,
    onLost() {
      version = undefined
      onLost()
    },
  })

  /** Of the API: the newest that both sides know, so that a newer engine changes nothing for us. */
  async function findVersion(): Promise<string> {
    const response = await send('/_ping', { path: [] })
    response.resume()
    const told = String(response.headers['api-version'] ?? '')
    const [, major, minor] = /^(\d+)\.(\d+)$/.exec(told) ?? []
    if (response.statusCode !== 200 || major !== '1' || Number(minor) < oldestApi) {
      const sentence = `What answers at ${nameOf(endpoint)} is no Docker Engine of API 1.${oldestApi} or newer`
      throw new EngineError('unavailable', sentence)
    }
    return `/v1.${Math.min(Number(minor), newestApi)}`
  }

  async function pathOf({ path, query = {} }: Question): Promise<string> {
    version ??= findVersion()
    const prefix = await version.catch((error: unknown) => {
      version = undefined
      throw error
    })
    const pairs = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [`${encodeURIComponent(name)}=${encodeURIComponent(value)}`],
    )
    return `${prefix}/${path.map(encodeURIComponent).join('/')}${pairs.length > 0 ? `?${pairs.join('&')}` : ''}`
  }

  function prepare(path: string, question: Question, headers: Readonly<Record<string, string>> = {}): ClientRequest {
    const body = bodyOf(question)
    const options = {
      ...('socketPath' in endpoint
        ? { socketPath: endpoint.socketPath }
        : { host: endpoint.host, port: endpoint.port }),
      method: question.method ?? 'GET',
      path,
      headers: {
        ...('socketPath' in endpoint ? { Host: 'docker' } : {}),
        ...question.headers,
        ...headers,
        ...(body === undefined ? {} : { 'Content-Type': body.type, 'Content-Length': body.bytes.length }),
      },
      signal: question.abort,
    }
    const tls = 'socketPath' in endpoint ? undefined : endpoint.tls
    // Only requests that change nothing are sent again.
    const agent = options.method === 'GET' ? kept : once
    const request = tls === undefined ? requestHttp({ ...options, agent }) : requestHttps({ ...options, ...tls })
    request.end(body?.bytes)
    return request
  }

  const send = (path: string, question: Question): Promise<IncomingMessage> =>
    head(() => prepare(path, question), question.abort, question.headMs)

  async function refuse(response: IncomingMessage, question: Question): Promise<never> {
    const text = await whole(response, 2 ** 16, question.abort)
    throw errorOfAnswer(response.statusCode ?? 0, text)
  }

  return {
    async ask<T>(question: Question, options: AskOptions = {}): Promise<Answer<T>> {
      const { also = [], maxBytes = 2 ** 22 } = options
      const response = await send(await pathOf(question), question)
      const status = response.statusCode ?? 0
      if (status >= 300 && !also.includes(status)) await refuse(response, question)
      const text = await whole(response, maxBytes, question.abort)
      // Podman omits the type.
      const isJson = status < 300 && text !== '' && /json/.test(response.headers['content-type'] ?? 'json')
      const date = new Date(response.headers.date ?? Date.now())
      return { status, date, value: (isJson ? parseJson(text) : undefined) as T }
    },

    async open(question) {
      const response = await send(await pathOf(question), question)
      if ((response.statusCode ?? 0) >= 300) await refuse(response, question)
      response.on('error', () => {})
      // A peer that is silent for long may be gone.
      response.socket.setKeepAlive(true, 30_000)
      return response
    },

    async takeOver(question) {
      const path = await pathOf(question)
      return new Promise<Duplex>((resolve, reject) => {
        const request = prepare(path, question, { Connection: 'Upgrade', Upgrade: 'tcp' })
        const timer = setTimeout(() => request.destroy(tooSlow()), timeoutMs)
        request.once('upgrade', (_response, socket, head) => {
          clearTimeout(timer)
          socket.on('error', () => {})
          if (head.length > 0) socket.unshift(head)
          resolve(socket)
        })
        request.once('response', (response) => {
          clearTimeout(timer)
          refuse(response, question).catch(reject)
        })
        request.once('error', (error) => {
          clearTimeout(timer)
          reject(errorOf(error, question.abort))
        })
      })
    },
  }
}

const oldestApi = 41
const newestApi = 48

const reasons: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'there is no such socket. Is dockerd running?'],
  ['ECONNREFUSED', 'nobody listens there. Is dockerd running?'],
  ['EACCES', 'this user may not use the socket'],
  ['ECONNRESET', 'it went away while it was asked'],
])

function bodyOf({ json, body }: Question): Question['body'] {
  if (json === undefined) return body
  return { type: 'application/json', bytes: Buffer.from(JSON.stringify(json)) }
}
