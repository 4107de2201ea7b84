// What OAuth clients ask: an identity token of a CI service for a token of an organisation (RFC 8693), and whether a token is good.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'

import { pathName } from '@hallpass/client/contract'

import { DomainError } from '../../domain/errors.ts'
import { Secret } from '../../domain/secret.ts'
import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { exchangeIdentityToken } from '../../operations/trust/exchange-identity-token.ts'
import {
  describeError,
  describeFrameworkError,
  describeIssues,
  explainRefusal,
  hasLeft,
  InvalidInput,
  setRetryAfter,
  statusOf,
} from '../http/errors.ts'
import { nobody, openExchange } from '../http/exchange.ts'
import { noForm, readForm } from './form.ts'
import { openIntrospection } from './introspection.ts'

/** Bytes: identity tokens with many claims are longer than other bodies of strangers. */
const bodyLimit = 24 * 1024

const grant = 'urn:ietf:params:oauth:grant-type:token-exchange'
const accessToken = 'urn:ietf:params:oauth:token-type:access_token'
const identityTokens = ['urn:ietf:params:oauth:token-type:id_token', 'urn:ietf:params:oauth:token-type:jwt'] as const

/** RFC 8693 §2.1, and `trust_policy`, which is ours. What else clients send is ignored, as §2.1 demands of unknown fields. */
const parameters = z.object({
  audience: pathName.describe('The slug of the organization.'),
  subject_token: z.string().min(1).max(16_384),
  subject_token_type: z.enum(identityTokens),
  requested_token_type: z.literal(accessToken).optional(),
  actor_token: z
    .string()
    .optional()
    .refine((given) => given === undefined, { error: 'is not served' }),
  trust_policy: pathName.optional(),
})

interface Door {
  readonly environment: Environment
  readonly authenticate: Authenticate
}

export function openOauthDoor(root: FastifyInstance, { environment, authenticate }: Door): void {
  void root.register(async (server) => {
    // Here alone: elsewhere a form of another site could be a request of a person.
    server.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
      done(null, body)
    })
    server.route({
      method: 'POST',
      url: '/oauth/token',
      bodyLimit,
      handler: async (request) => exchange(environment, request),
      // Also what is refused before the form is read.
      errorHandler: (error, request, reply) => {
        if (!hasLeft(request)) void refuse(environment, error, request, reply)
      },
    })
    openIntrospection(server, { environment, authenticate })
  })
}

async function exchange(environment: Environment, request: FastifyRequest) {
  const given = readForm(request.body)
  if (given['grant_type'] !== grant) throw new UnsupportedGrant()
  const read = parameters.safeParse(given)
  if (!read.success) throw describeIssues('the form', given, read.error)
  const { audience, subject_token, trust_policy } = read.data
  const { perform } = openExchange(environment, nobody, request)
  const { token, record } = await perform(exchangeIdentityToken, {
    slug: audience,
    identityToken: new Secret(subject_token),
    policyId: trust_policy,
  })
  return {
    // Clients write their own scheme before it.
    access_token: token.reveal().replace(/^FlyV1 /, ''),
    issued_token_type: accessToken,
    token_type: 'Bearer',
    // The caveats of the policy may end it before its lifetime.
    expires_in: Math.floor(record.expiresAt / 1000) - Math.floor(record.createdAt / 1000),
  }
}

class UnsupportedGrant extends Error {}

/** RFC 6749 §5.2. Whoever is refused learns nothing: the reason is in the audit trail, and `orgs trust check` tells it. */
function refuse(environment: Environment, error: unknown, request: FastifyRequest, reply: FastifyReply) {
  if (error instanceof UnsupportedGrant) {
    return send(reply, 400, 'unsupported_grant_type', `the grant_type is not ${grant}`)
  }
  if (error instanceof InvalidInput) return send(reply, 400, 'invalid_request', error.message)
  if (!(error instanceof DomainError)) {
    const described = describeFrameworkError(error, request)
    if (described !== undefined) {
      const { http, message } = described
      return send(reply, http, 'invalid_request', http === 415 ? noForm : message)
    }
    environment.report(error, request.id)
    return send(reply, 500, 'server_error', describeError(error, request).message)
  }
  setRetryAfter([error], reply)
  const sentence = explainRefusal(error, request)
  if (['unauthenticated', 'forbidden', 'not_found'].includes(error.code)) {
    const words = 'no trust policy of this organization accepts the identity token: its admins find out why'
    return send(reply, 400, 'invalid_request', words)
  }
  const status = statusOf(error)
  return send(reply, status, status === 503 || status === 429 ? 'temporarily_unavailable' : 'invalid_request', sentence)
}

function send(reply: FastifyReply, status: number, error: string, description: string) {
  return reply.code(status).send({ error, error_description: description })
}
