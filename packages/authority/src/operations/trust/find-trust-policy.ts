// Finds trust policies, and makes access requests for them.
import { actions, type Action } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { ListedTrustPolicy } from '../../domain/trust-policy.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import type { AccessRequest, OperationContext } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'

export interface FoundTrustPolicy {
  readonly organisation: Organisation
  /** Undefined if there is none with this id. */
  readonly policy: ListedTrustPolicy | undefined
}

/**
 * The access request for the trust policies of an organisation. Whoever reads the organisation reads them; its admins alone
 * change them, and no token does: what a policy gives may be more than the token has.
 * @throws DomainError `not_found`
 */
export async function accessTrust(
  context: OperationContext<ReadTransaction>,
  slug: string,
  action: Action,
): Promise<AccessRequest<Organisation>> {
  if (action === actions.read) return accessOrganisation(context, slug, { action })
  const request = await accessOrganisation(context, slug, { action, feature: 'settings' })
  const refuse = ({ kind }: Credential) => (kind === 'token' ? personNeeded : undefined)
  return request.requirement.kind === 'access'
    ? { ...request, requirement: { ...request.requirement, refuse } }
    : request
}

const personNeeded = 'only a person who is logged in may change trust policies; a token may not'

/** @throws DomainError `not_found`, once the caller may know that there is none */
export function expectPolicy(policy: ListedTrustPolicy | undefined): ListedTrustPolicy {
  if (policy !== undefined) return policy
  throw new DomainError('not_found', 'this organization has no trust policy with this id')
}
