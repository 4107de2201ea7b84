// trust.remove: nothing is exchanged under the policy from the commit on, and the tokens that it gave are dead.
import { actions } from '@hallpass/macaroon'

import type { DescendantsRevoked } from '../../domain/token.ts'
import type { ListedTrustPolicy } from '../../domain/trust-policy.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { describeCredential } from '../perform/principal.ts'
import { accessTrust, expectPolicy, type FoundTrustPolicy } from './find-trust-policy.ts'

export interface RemovedTrustPolicy {
  readonly policy: ListedTrustPolicy
  readonly descendants: DescendantsRevoked
}

export const removeTrustPolicy: WriteOperation<
  { readonly slug: string; readonly id: string },
  FoundTrustPolicy,
  RemovedTrustPolicy
> = {
  name: 'trust.remove',
  mode: 'write',
  isUrgent: true,

  async access(context, { slug, id }) {
    const request = await accessTrust(context, slug, actions.write)
    const organisation = request.subject
    const policy = (await context.tx.trustPolicies.ofOrganisation(organisation.id)).find((each) => each.id === id)
    const target = policy === undefined ? 'trust policy' : `trust policy ${policy.name}`
    return { ...request, subject: { organisation, policy }, target }
  },

  async run({ tx, now }, { subject, actor }) {
    const policy = expectPolicy(subject.policy)
    await tx.trustPolicies.delete(policy.id)
    const by = `${describeCredential(actor)}, with trust policy ${policy.name}`
    return { policy, descendants: await tx.tokens.revokeDescendants(policy.id, now, by) }
  },
}
