// Requests to an authority over real HTTP, with every answer read whole and held against what all answers promise.
import { Agent, request, type IncomingMessage, type RequestOptions } from 'node:http'
import { text as readText } from 'node:stream/consumers'

import { expect } from 'vitest'

import type { z } from 'zod'

import { errorAnswer, type Route } from '@hallpass/client/contract'

export interface Asked {
  /** Goes into the Authorization header as it is where it has a scheme, else after `Bearer`. */
  readonly token?: string | undefined
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as it is, with the content type of JSON. */
  readonly text?: string | Uint8Array<ArrayBuffer> | undefined
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Undefined where the answer is not JSON. */
  readonly body: unknown
}

export type Ask = (method: string, path: string, asked?: Asked) => Promise<Answer>

export function createAsk(url: () => string): Ask {
  // Tests ask tens of thousands of times, and `fetch` takes three times as long.
  const agent = new Agent({ keepAlive: true })
  return async function ask(method, path, { token, body, text, headers = {} } = {}) {
    const given = text ?? (body === undefined ? undefined : JSON.stringify(body))
    const payload = typeof given === 'string' ? Buffer.from(given) : given
    const { response, received } = await send(url() + path, payload, {
      method,
      agent,
      headers: {
        'user-agent': 'node',
        ...(token === undefined ? {} : { authorization: token.includes(' ') ? token : `Bearer ${token}` }),
        ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
        // Node itself leaves it out in some methods.
        ...(payload === undefined ? {} : { 'content-length': payload.length }),
        ...headers,
      },
    })
    return {
      status: response.statusCode ?? 0,
      headers: new Headers(
        Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
          values.map((value) => [name, value] as [string, string]),
        ),
      ),
      text: received,
      body: parseJson(received),
    }
  }
}

/** Whether an `Ask` failed because the authority was gone, or its end of the connection. */
export function isLostConnection(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ECONNRESET' || code === 'ECONNREFUSED' || code === 'EPIPE'
}

function send(
  url: string,
  payload: Uint8Array | undefined,
  options: RequestOptions,
): Promise<{ readonly response: IncomingMessage; readonly received: string }> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      response.on('error', reject)
      void readText(response).then((received) => resolve({ response, received }), reject)
    })
    sent.on('error', reject)
    sent.end(payload)
  })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** What the route answers where it says yes; fails where it said no. */
export function expectAnswer<S extends z.ZodType>(route: Route & { readonly answer: S }, answer: Answer): z.output<S> {
  expect(answer.status, answer.text).toBe(route.status)
  expectContract(route, answer)
  return route.answer.parse(answer.body)
}

/** The error with which the authority said no, in this status. */
export function expectRefusal(answer: Answer, status: number): z.output<typeof errorAnswer> {
  expect(answer.status, answer.text).toBe(status)
  expectError(answer)
  return errorAnswer.parse(answer.body)
}

/** The answer fits the contract: it has the fields of the route and no others, or it is an error as on every route. */
export function expectContract(route: Route, answer: Answer): void {
  expect(answer.headers.get('fly-request-id'), `${route.operationId}: fly-request-id`).toMatch(/^[\w-]{12}-[0-9a-z]+$/)
  if (answer.status >= 400) {
    expectError(answer)
  } else {
    expect(answer.status, answer.text).toBe(route.status)
    if (route.answer === undefined) expect(answer.text).toBe('')
    // Parsing leaves out what the schema does not know: equal means that there was nothing of the kind.
    else expect(route.answer.parse(answer.body)).toEqual(answer.body)
  }
}

function expectError(answer: Answer): void {
  expect(errorAnswer.safeParse(answer.body).error, answer.text).toBeUndefined()
  const error = errorAnswer.parse(answer.body)
  expect(error).toEqual(answer.body)
  expect(error.request_id).toBe(answer.headers.get('fly-request-id'))
  expect(error.message).not.toBe('')
  if (answer.status === 401) expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
}
