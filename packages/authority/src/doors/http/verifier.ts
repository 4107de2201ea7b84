// Who asks with the credential of a verifier, which is none of the kinds that other routes take.
import type { FastifyRequest } from 'fastify'

import { DomainError } from '../../domain/errors.ts'
import { Secret } from '../../domain/secret.ts'
import type { Verifier } from '../../domain/verifier.ts'
import { ClientOfRequest } from './address.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, on the routes of verifiers. */
    verifier?: Verifier
  }
}

/** @throws DomainError `unauthenticated` where there is none */
export function verifierSecretIn({ headers: { authorization = '' } }: FastifyRequest): Secret {
  const [, secret = ''] = /^bearer\s+(\S+)\s*$/i.exec(authorization) ?? []
  if (secret === '') {
    throw new DomainError('unauthenticated', 'this takes the credential of a verifier: Authorization: Bearer fv1_…')
  }
  return new Secret(secret)
}

/** Whoever sent to the verifier what it asks about; `from` which address, if the verifier says so. */
export class ClientOfVerifier extends ClientOfRequest {
  readonly #from: string | undefined
  readonly #verifier: string

  constructor(request: FastifyRequest, from: string | undefined) {
    super(request)
    this.#from = from
    this.#verifier = `verifier ${request.verifier?.id ?? ''}`
  }

  override address(): string {
    return this.#from ?? super.address()
  }

  /** One of them does not take its allowance from the others. */
  wastes(): string {
    return this.#from ?? this.#verifier
  }
}
