// organisation.delete: deletes an organisation, and its keys and tokens with it.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import { accessOrganisation } from './find-organisation.ts'
import type { WriteOperation } from '../perform/operation.ts'

const mostCounted = 1000

export const deleteOrganisation: WriteOperation<{ readonly slug: string }, Organisation, undefined> = {
  name: 'organisation.delete',
  mode: 'write',

  access: (context, { slug }) => accessOrganisation(context, slug, { action: actions.delete, feature: 'deletion' }),

  async run({ tx, now }, { subject: organisation }) {
    if (organisation.personalOf !== null) {
      throw new DomainError('conflict', 'a personal organization stays as long as its owner has an account')
    }
    const apps = await tx.organisations.countUpTo(organisation.id, 'apps', mostCounted + 1, now)
    if (apps > 0) {
      const many = apps > mostCounted ? `more than ${mostCounted}` : apps
      throw new DomainError('conflict', `organization ${organisation.slug} still has ${many} apps: destroy them first`)
    }
    await tx.organisations.delete(organisation.id)
    return undefined
  },
}
