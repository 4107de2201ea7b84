// app.list: the apps of an organisation.
import { actions } from '@hallpass/macaroon'

import type { App } from '../domain/app.ts'
import type { Organisation } from '../domain/organisation.ts'
import { findOrganisation } from './find.ts'
import type { Reading } from './operation.ts'

export interface ListedApps {
  readonly organisation: Organisation
  readonly apps: readonly App[]
}

export const listApps: Reading<{ readonly slug: string }, Organisation, ListedApps> = {
  name: 'app.list',
  mode: 'read',

  async access(scene, { slug }) {
    const organisation = await findOrganisation(scene, slug)
    return {
      subject: organisation,
      requirement: { kind: 'access', organisation, access: { action: actions.read } },
      target: `organisation ${organisation.slug}`,
      organisationId: organisation.id,
    }
  },

  async run({ tx }, { subject: organisation }) {
    return { organisation, apps: await tx.apps.list(organisation.id) }
  },
}
