// organisation.delete: with its keys goes every token of it.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../domain/errors.ts'
import type { Organisation } from '../domain/organisation.ts'
import { intendOnOrganisation } from './intend.ts'
import type { Writing } from './operation.ts'

export const deleteOrganisation: Writing<{ readonly slug: string }, Organisation, undefined> = {
  name: 'organisation.delete',
  mode: 'write',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.delete, feature: 'deletion' }),

  async run({ tx }, { subject: organisation }) {
    if (organisation.personalOf !== null) {
      throw new DomainError('conflict', 'a personal organisation stays as long as its owner')
    }
    const apps = await tx.apps.count(organisation.id)
    if (apps > 0) {
      throw new DomainError('conflict', `organisation ${organisation.slug} still has ${apps} apps: destroy them first`)
    }
    await tx.organisations.delete(organisation.id)
    return undefined
  },
}
