// app.show: one app.
import { actions } from '@hallpass/macaroon'

import type { App } from '../domain/app.ts'
import type { Organisation } from '../domain/organisation.ts'
import { findApp } from './find.ts'
import type { Reading } from './operation.ts'

export interface FoundApp {
  readonly app: App
  readonly organisation: Organisation
}

export const showApp: Reading<{ readonly name: string }, FoundApp, FoundApp> = {
  name: 'app.show',
  mode: 'read',

  async access(scene, { name }) {
    const found = await findApp(scene, name)
    return {
      subject: found,
      requirement: {
        kind: 'access',
        organisation: found.organisation,
        access: { appId: BigInt(found.app.id), action: actions.read },
      },
      target: `app ${name}`,
      organisationId: found.organisation.id,
    }
  },

  async run(_scene, { subject }) {
    return subject
  },
}
