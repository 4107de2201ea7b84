// trust.list: the trust policies of an organisation.
import { actions } from '@hallpass/macaroon'

import type { Organisation } from '../../domain/organisation.ts'
import type { ListedTrustPolicy } from '../../domain/trust-policy.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { accessTrust } from './find-trust-policy.ts'

export const listTrustPolicies: ReadOperation<{ readonly slug: string }, Organisation, readonly ListedTrustPolicy[]> = {
  name: 'trust.list',
  mode: 'read',

  access: (context, { slug }) => accessTrust(context, slug, actions.read),

  run: ({ tx }, { subject: { id } }) => tx.trustPolicies.ofOrganisation(id),
}
