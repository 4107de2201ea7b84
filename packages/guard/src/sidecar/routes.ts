// The routes of the sidecar, with the paths and answers of the authority.
import type { IncomingMessage } from 'node:http'

import type { AskedAccess } from '@hallpass/client'
import type { Network } from '@hallpass/macaroon'

import { AccessError } from '../access.ts'
import { expectNoDisguise, ForwardedError } from '../forwarded/index.ts'
import type { Guard } from '../guard.ts'
import { isObject, isText } from '../outside.ts'
import { addressOf } from './address.ts'
import { answerProxy, answerTokens, answerVerdict, refuseWith, type Answer } from './answers.ts'
import { BodyError, readBody } from './body.ts'

export interface Desk {
  readonly guard: Guard
  readonly trusted: readonly Network[]
  readonly isStopping: () => boolean
}

/** The answer to a request; it throws nothing for what is sent. */
export async function answer(request: IncomingMessage, desk: Desk): Promise<Answer> {
  const { method = '', url = '' } = request
  const [path = '', query = ''] = splitOnce(url)
  const handle = routes.get(`${method} ${path}`)
  if (handle === undefined)
    return refuseWith(501, 'not_served', 'this guard does not serve what this address and method are for')
  try {
    return await handle(request, desk, query)
  } catch (error) {
    if (error instanceof BodyError) return refuseWith(error.code === 'too_large' ? 413 : 400, error.code, error.message)
    if (error instanceof AccessError) return refuseWith(400, 'invalid_request', error.message)
    if (error instanceof ForwardedError) return refuseWith(403, 'forbidden', error.message)
    throw error
  }
}

type Handle = (request: IncomingMessage, desk: Desk, query: string) => Answer | Promise<Answer>

const routes: ReadonlyMap<string, Handle> = new Map<string, Handle>([
  ['GET /healthz', () => ({ status: 200, body: '{"status":"ok"}' })],
  ['GET /readyz', isReady],
  ['GET /authorize', authorizeForProxy],
  ['POST /v1/tokens/authenticate', authenticateTokens],
  ['POST /v1/tokens/authorize', authorizeToken],
])

function isReady(_request: IncomingMessage, { guard, isStopping }: Desk): Answer {
  if (isStopping()) return refuseWith(503, 'unavailable', 'this guard is stopping')
  if (guard.state().isFresh) return { status: 200, body: '{"status":"ok"}' }
  return refuseWith(503, 'unavailable', 'this guard does not hear its authority')
}

/** The access is in the query, which the proxy writes, and the token in Authorization. */
async function authorizeForProxy(request: IncomingMessage, { guard, trusted }: Desk, query: string): Promise<Answer> {
  expectNoDisguise(request.rawHeaders)
  const fields = new URLSearchParams(query)
  if (new Set(fields.keys()).size !== fields.size)
    throw new BodyError('invalid_request', 'a field of the query is there twice')
  if (fields.has('source_address')) {
    throw new BodyError(
      'invalid_request',
      'source_address is not taken here: it is the address that a trusted proxy reports',
    )
  }
  // Without one every token of the organization would pass, where a proxy has lost a variable.
  if ((fields.get('action') ?? '') === '') throw new BodyError('invalid_request', 'action is needed: letters of rwcdC')
  const from = addressOf(request, trusted)
  const asked: AskedAccess = { ...Object.fromEntries(fields), ...(from === undefined ? {} : { source_address: from }) }
  return answerProxy(await guard.allow(request.headers.authorization, asked, { from }), asked)
}

async function authenticateTokens(request: IncomingMessage, { guard }: Desk): Promise<Answer> {
  const { header } = expectFields(await readBody(request), ['header'])
  return answerTokens(await guard.verify(expectHeader(header)))
}

async function authorizeToken(request: IncomingMessage, { guard }: Desk): Promise<Answer> {
  const { header, access } = expectFields(await readBody(request), ['header', 'access'])
  if (!isObject(access)) throw new BodyError('invalid_request', 'access is missing, or no object')
  // The guard checks every field.
  const asked: AskedAccess = access
  return answerVerdict(await guard.allow(expectHeader(header), asked, { from: asked.source_address }), asked)
}

function expectFields(
  body: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Readonly<Record<string, unknown>> {
  if (Object.keys(body).every((name) => names.includes(name))) return body
  throw new BodyError('invalid_request', 'the body has an unknown field')
}

function expectHeader(header: unknown): string {
  if (isText(header)) return header
  throw new BodyError('invalid_request', 'header is missing, or no text')
}

function splitOnce(url: string): readonly string[] {
  const at = url.indexOf('?')
  return at === -1 ? [url] : [url.slice(0, at), url.slice(at + 1)]
}
