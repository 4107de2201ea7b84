// What only a person may do, and in their own name alone.
import { DomainError } from '../../domain/errors.ts'
import type { AccessRequest } from './operation.ts'
import type { Credential } from './principal.ts'

/** The `access` of such an operation, which needs no look-up. `target` is for the audit trail. */
export function personal<Input>(target: string | ((input: Input) => string)) {
  return async (_context: unknown, input: Input): Promise<AccessRequest<undefined>> => ({
    subject: undefined,
    requirement: { kind: 'person' },
    target: typeof target === 'string' ? target : target(input),
    organisationId: null,
  })
}

/** The credential as the person that it is; the requirement has let nobody else through. */
export function expectPerson(credential: Credential): asserts credential is Credential & { readonly kind: 'user' } {
  if (credential.kind !== 'user') throw new DomainError('forbidden', 'a token is not a person')
}
