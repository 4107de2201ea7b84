// Forward authentication: a proxy asks whether a request that it holds may pass (nginx auth_request, Caddy forward_auth).
import { routes } from '@hallpass/client/contract'
import type { FastifyInstance } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import { authoriseToken } from '../../operations/tokens/verify-tokens.ts'
import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { tokensAmong } from '../../operations/perform/principal.ts'
import { addressOf } from '../http/address.ts'
import { authenticateFirst } from '../http/authenticate-first.ts'
import { InvalidInput } from '../http/errors.ts'
import { openExchange } from '../http/exchange.ts'
import { namedAccess } from '../http/named-access.ts'
import { parse } from '../http/parse.ts'
import { tellEnd } from '../http/tell-end.ts'

interface Door {
  readonly environment: Environment
  readonly authenticate: Authenticate
}

/** A proxy knows 401 and 403, and takes every other status for a failure of ours. */
function forbidUnknown(error: unknown): never {
  if (!(error instanceof DomainError) || error.code !== 'not_found') throw error
  throw new DomainError('forbidden', error.message, { cause: error })
}

const { access } = routes.authorizeToken.body.shape

/** Opens `GET /authorize`: the access is in the query, which the proxy writes, and the token in Authorization. */
export function openForwardAuthDoor(server: FastifyInstance, { environment, authenticate }: Door): void {
  // No cookie counts: the request came to a service, and not to the pages of the authority.
  const { options, presentedBy } = authenticateFirst(authenticate, ({ headers }) => headers.authorization)
  server.get('/authorize', options, async (request, reply) => {
    const query = request.query as Readonly<Record<string, unknown>>
    if ('source_address' in query) {
      throw new InvalidInput(
        'source_address is not taken here: it is the address that a trusted proxy reports',
        'source_address',
      )
    }
    const asked = parse(access, { ...query, source_address: addressOf(request) }, 'the query')
    // Without one every token of the organization would pass, where a proxy has lost a variable.
    if (asked.action === 0) throw new InvalidInput('action is needed: letters of rwcdC', 'action')
    const { perform } = openExchange(environment, tokensAmong(presentedBy(request)), request)
    const { token, organisation, app, action } = await perform(authoriseToken, namedAccess(asked)).catch(forbidUnknown)
    tellEnd(request, reply)
    // A proxy sets these in the place of what the client sent under their names.
    void reply
      .header('cache-control', 'no-store')
      .header('hallpass-token', token.id)
      .header('hallpass-organization', organisation.slug)
      .header('hallpass-app', app?.name ?? '')
    return { token: token.id, organization: organisation.slug, app: app?.name ?? null, action }
  })
}
