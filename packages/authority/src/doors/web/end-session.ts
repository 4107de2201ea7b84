// Ends the earlier session of a browser, after a new login or a logout.
import type { FastifyRequest } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import type { Authenticate } from '../../operations/perform/authenticate.ts'
import type { Environment } from '../../operations/perform/operation.ts'
import { signOut } from '../../operations/accounts/sign-out.ts'
import { ClientOfRequest } from '../http/address.ts'
import { openExchange } from '../http/exchange.ts'

/** Ends the session of this cookie, if it is live. */
export async function endSession(
  { environment, authenticate }: { readonly environment: Environment; readonly authenticate: Authenticate },
  request: FastifyRequest,
  credential: string | undefined,
): Promise<void> {
  if (credential === undefined) return
  try {
    const presented = await authenticate(credential, new ClientOfRequest(request))
    await openExchange(environment, presented, request).perform(signOut, undefined)
  } catch (error) {
    if (!(error instanceof DomainError) || error.code !== 'unauthenticated') throw error
  }
}
