// organisation.delete: with its keys goes every token of it.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../domain/errors.ts'
import type { Organisation } from '../domain/organisation.ts'
import { intendOnOrganisation } from './intend.ts'
import type { Writing } from './operation.ts'

const mostCounted = 1000

export const deleteOrganisation: Writing<{ readonly slug: string }, Organisation, undefined> = {
  name: 'organisation.delete',
  mode: 'write',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.delete, feature: 'deletion' }),

  async run({ tx, now }, { subject: organisation }) {
    if (organisation.personalOf !== null) {
      throw new DomainError('conflict', 'a personal organization stays as long as its owner')
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
