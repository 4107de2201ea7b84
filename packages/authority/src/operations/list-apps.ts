// app.list: the apps of an organisation.
import { actions, getCaveats } from '@hallpass/macaroon'

import type { App } from '../domain/app.ts'
import type { Organisation } from '../domain/organisation.ts'
import { allows } from './authorise.ts'
import { intendOnOrganisation } from './intend.ts'
import type { Reading } from './operation.ts'

export interface ListedApps {
  readonly organisation: Organisation
  readonly apps: readonly App[]
}

export const listApps: Reading<{ readonly slug: string }, Organisation, ListedApps> = {
  name: 'app.list',
  mode: 'read',

  access: (scene, { slug }) => intendOnOrganisation(scene, slug, { action: actions.read }),

  async run({ tx, now }, { subject: organisation, actor }) {
    const apps = await tx.apps.list(organisation.id)
    if (actor.kind !== 'token' || getCaveats(actor.verified.caveats, 'Apps').length === 0) return { organisation, apps }
    // Whoever is limited to some apps may ask, and sees those (Go flyio.AppsAllowing).
    const visible = apps.filter(({ id }) =>
      allows(actor, organisation, { appId: BigInt(id), action: actions.read }, now),
    )
    return { organisation, apps: visible }
  },
}
