// Forward authentication: a proxy asks whether a request that it holds may pass (nginx auth_request, Caddy forward_auth, Traefik
// ForwardAuth, Envoy ext_authz).
import { routes } from '@hallpass/client/contract'
import {
  expectNoDisguise,
  findAccess,
  ForwardedError,
  readForwarded,
  type OwnLine,
  type Rule,
} from '@hallpass/guard/forwarded'
import type { FastifyInstance, FastifyReply, FastifyRequest, preParsingHookHandler } from 'fastify'
import type { z } from 'zod'

import { DomainError } from '../../domain/errors.ts'
import { assertAccess, type HeldRequest } from '../../operations/tokens/assert-access.ts'
import { authoriseToken } from '../../operations/tokens/verify-tokens.ts'
import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { tokensAmong } from '../../operations/perform/principal.ts'
import { sourceAddressOf } from '../http/address.ts'
import { authenticateFirst } from '../http/authenticate-first.ts'
import { InvalidInput } from '../http/errors.ts'
import { openExchange } from '../http/exchange.ts'
import { namedAccess } from '../http/named-access.ts'
import { parse } from '../http/parse.ts'
import { tellEnd } from '../http/tell-end.ts'

interface Door {
  readonly environment: Environment
  readonly authenticate: Authenticate
  /** Undefined where the query of the question says which access is asked for. */
  readonly rules: readonly Rule[] | undefined
  /** Whether this is the address of a proxy that may say what a request is. */
  readonly trusts: ((address: string) => boolean) | undefined
}

const { access } = routes.authorizeToken.body.shape

type Asked = z.output<typeof access>

const path = '/authorize'

/**
 * Opens `GET /authorize`, where the proxy says in its query which access is asked for. With rules, that follows from the request: from what
 * the headers of the question say of it, or from the line of the question itself, where the path of the request stands
 * behind `/authorize`. The query says nothing then. The token is in Authorization.
 */
export function openForwardAuthDoor(server: FastifyInstance, { environment, authenticate, rules, trusts }: Door): void {
  // No cookie counts: the request came to a service, and not to the pages of the authority.
  const { options, presentedBy } = authenticateFirst(authenticate, ({ headers }) => headers.authorization)
  async function answer(request: FastifyRequest, reply: FastifyReply, { asked, held }: Question) {
    const { perform } = openExchange(environment, tokensAmong(presentedBy(request)), request)
    const allowed = await perform(authoriseToken, namedAccess(asked)).catch(forbidUnknown)
    const { token, organisation, app, action } = allowed
    tellEnd(request, reply)
    // A proxy sets these in the place of what the client sent under their names, so all of them are always there.
    void reply
      .header('cache-control', 'no-store')
      .header('hallpass-token', token.id)
      .header('hallpass-organization', organisation.slug)
      .header('hallpass-app', app?.name ?? '')
      .header('hallpass-assertion', held === undefined ? '' : await assertAccess(environment, allowed, held))
    return { token: token.id, organization: organisation.slug, app: app?.name ?? null, action }
  }
  server.get('/.well-known/jwks.json', async (_request, reply) => {
    void reply.header('cache-control', 'public, max-age=300')
    return environment.keyring.assertionKeys()
  })
  if (rules === undefined) {
    server.get(path, options, (request, reply) => answer(request, reply, readQuery(request)))
    return
  }
  const byRules = (request: FastifyRequest, own?: OwnLine): Question => {
    if (trusts?.(request.socket.remoteAddress ?? '') === true) return readByRules(rules, request, own)
    throw new DomainError('forbidden', 'only a proxy that --trusted-proxies of the authority names may ask here')
  }
  server.get(path, options, (request, reply) => answer(request, reply, byRules(request)))
  server.all(`${path}/*`, { ...options, preParsing: ignoreType }, (request, reply) => {
    const { method, originalUrl, headers } = request
    const own = { method, target: originalUrl.slice(path.length), host: headers.host }
    return answer(request, reply, byRules(request, own))
  })
}

/** The access that is asked for, and by rules what was held, if it says for which host it is. */
interface Question {
  readonly asked: Asked
  readonly held: HeldRequest | undefined
}

/** Of a request that a proxy holds there may be a type, and there is no body. */
const ignoreType: preParsingHookHandler = (request, _reply, payload, done) => {
  delete request.headers['content-type']
  done(null, payload)
}

function readQuery(request: FastifyRequest): Question {
  try {
    expectNoDisguise(request.raw.rawHeaders)
  } catch (error) {
    throw forbidUnclear(error)
  }
  const query = request.query as Readonly<Record<string, unknown>>
  if ('source_address' in query) {
    throw new InvalidInput(
      'source_address is not taken here: it is the address that a trusted proxy reports',
      'source_address',
    )
  }
  const asked = parse(access, { ...query, ...sourceOf(request) }, 'the query')
  // Without one every token of the organization would pass, where a proxy has lost a variable.
  if (asked.action === 0) throw new InvalidInput('action is needed: letters of rwcdC', 'action')
  return { asked, held: undefined }
}

function readByRules(rules: readonly Rule[], request: FastifyRequest, own: OwnLine | undefined): Question {
  try {
    const forwarded = readForwarded(request.raw.rawHeaders, own)
    const found = findAccess(rules, forwarded)
    if (found === undefined) throw new DomainError('forbidden', 'no rule of the authority is about this request')
    const { method, host, sentPath } = forwarded
    return {
      asked: parse(access, { ...found, ...sourceOf(request) }, 'the access'),
      held: host === undefined ? undefined : { method, host, path: sentPath },
    }
  } catch (error) {
    if (error instanceof InvalidInput) throw new DomainError('forbidden', 'the request has a name that no name can be')
    throw forbidUnclear(error)
  }
}

/** Without one, what is allowed from some networks alone is forbidden. */
function sourceOf(request: FastifyRequest): { readonly source_address?: string } {
  const address = sourceAddressOf(request)
  return address === '' ? {} : { source_address: address }
}

function forbidUnclear(error: unknown): unknown {
  if (!(error instanceof ForwardedError)) return error
  // The proxy does not ask as it should, which its operator must see.
  if (error.reason === 'missing') return new InvalidInput(error.message)
  return new DomainError('forbidden', error.message, { cause: error })
}

/** A proxy knows 401 and 403, and takes every other status for a failure of ours. */
function forbidUnknown(error: unknown): never {
  if (!(error instanceof DomainError) || error.code !== 'not_found') throw error
  throw new DomainError('forbidden', error.message, { cause: error })
}
