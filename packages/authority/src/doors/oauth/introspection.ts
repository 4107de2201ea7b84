// RFC 7662: whether a token is good, for services that have an OAuth client and no library of ours.
import { routes } from '@hallpass/client/contract'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import { Secret } from '../../domain/secret.ts'
import { knowVerifier } from '../../operations/feed/know-verifier.ts'
import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { tokensAmong } from '../../operations/perform/principal.ts'
import { authoriseToken, type AllowedAccess } from '../../operations/tokens/verify-tokens.ts'
import { bodyLimits } from '../http/body.ts'
import {
  describeError,
  describeFrameworkError,
  hasLeft,
  InvalidInput,
  setRetryAfter,
  statusOf,
} from '../http/errors.ts'
import { nobody, openExchange } from '../http/exchange.ts'
import { namedAccess } from '../http/named-access.ts'
import { parse } from '../http/parse.ts'
import { ClientOfVerifier, verifierSecretIn } from '../http/verifier.ts'
import { noForm, readForm } from './form.ts'

interface Door {
  readonly environment: Environment
  readonly authenticate: Authenticate
}

const { access } = routes.authorizeToken.body.shape

/**
 * Opens `POST /oauth/introspect`. The access that is asked about is in the query of its address, which the operator of the service
 * writes: a client of OAuth knows nothing of caveats, and would take a narrowed token for a whole one.
 */
export function openIntrospection(server: FastifyInstance, door: Door): void {
  const { environment } = door
  server.route({
    method: 'POST',
    url: '/oauth/introspect',
    bodyLimit: bodyLimits.known,
    async onRequest(request) {
      const { perform } = openExchange(environment, nobody, request)
      request.verifier = await perform(knowVerifier, credentialIn(request))
    },
    async handler(request, reply) {
      void reply.header('cache-control', 'no-store')
      return introspect(door, request)
    },
    errorHandler(error, request, reply) {
      if (!hasLeft(request)) void refuse(environment, error, request, reply)
    },
  })
}

/** As OAuth clients send it (RFC 6749 §2.3.1): as a password, with any name. */
function credentialIn(request: FastifyRequest): Secret {
  const [, pair] = /^basic\s+([A-Za-z0-9+/=]+)\s*$/i.exec(request.headers.authorization ?? '') ?? []
  if (pair === undefined) return verifierSecretIn(request)
  return new Secret(
    Buffer.from(pair, 'base64')
      .toString('latin1')
      .replace(/^[^:]*:/, ''),
  )
}

async function introspect({ environment, authenticate }: Door, request: FastifyRequest) {
  const { token, source_address } = readForm(request.body)
  if (token === undefined) throw new InvalidInput('token is missing', 'token')
  const query = request.query as Readonly<Record<string, unknown>>
  if ('source_address' in query) throw new InvalidInput('source_address stands in the form', 'source_address')
  const asked = parse(access, { ...query, source_address }, 'the query')
  // Without one every token of the organization would be active.
  if (asked.action === 0) throw new InvalidInput('action is needed: letters of rwcdC', 'action')
  try {
    const presented = tokensAmong(await authenticate(token, new ClientOfVerifier(request, asked.source_address)))
    const { perform } = openExchange(environment, presented, request)
    return describe(environment, await perform(authoriseToken, namedAccess(asked)))
  } catch (error) {
    // RFC 7662 §2.2: why is not said.
    if (error instanceof DomainError && inactive.has(error.code)) return { active: false }
    throw error
  }
}

const inactive: ReadonlySet<DomainError['code']> = new Set(['unauthenticated', 'forbidden', 'blocked', 'not_found'])

function describe({ publicUrl }: Environment, { token, organisation, app, action }: AllowedAccess) {
  return {
    active: true,
    iss: publicUrl(),
    sub: token.id,
    iat: Math.floor(token.createdAt / 1000),
    exp: Math.floor(token.expiresAt / 1000),
    token_type: 'Bearer',
    action,
    organization: { id: organisation.id, slug: organisation.slug },
    ...(app === undefined ? {} : { app: { id: app.id, name: app.name } }),
  }
}

function refuse(environment: Environment, error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const send = (status: number, code: string, description: string) =>
    reply.code(status).send({ error: code, error_description: description })
  if (error instanceof InvalidInput) return send(400, 'invalid_request', error.message)
  if (error instanceof DomainError) {
    setRetryAfter([error], reply)
    if (error.code === 'unauthenticated') {
      void reply.header('www-authenticate', 'Bearer realm="hallpass"')
      return send(401, 'invalid_client', error.message)
    }
    return send(statusOf(error), 'temporarily_unavailable', error.message)
  }
  const described = describeFrameworkError(error, request)
  if (described !== undefined) {
    return send(described.http, 'invalid_request', described.http === 415 ? noForm : described.message)
  }
  environment.report(error, request.id)
  return send(500, 'server_error', describeError(error, request).message)
}
