// The credential of a verifier, which is none of the kinds that other doors take.
import type { FastifyRequest } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import { Secret } from '../../domain/secret.ts'

/** @throws DomainError `unauthenticated` where there is none */
export function verifierSecretIn({ headers: { authorization = '' } }: FastifyRequest): Secret {
  const [, secret = ''] = /^bearer\s+(\S+)\s*$/i.exec(authorization) ?? []
  if (secret === '') {
    throw new DomainError('unauthenticated', 'this takes the credential of a verifier: Authorization: Bearer fv1_…')
  }
  return new Secret(secret)
}
