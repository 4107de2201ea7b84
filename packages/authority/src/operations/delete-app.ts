// app.delete: with it go the tokens that are limited to it.
import { actions } from '@hallpass/macaroon'

import { findApp } from './find.ts'
import type { Writing } from './operation.ts'
import { describeCredential } from './principal.ts'
import type { FoundApp } from './show-app.ts'

export const deleteApp: Writing<{ readonly name: string }, FoundApp, undefined> = {
  name: 'app.delete',
  mode: 'write',

  async access(scene, { name }) {
    const found = await findApp(scene, name)
    return {
      subject: found,
      requirement: {
        kind: 'access',
        organisation: found.organisation,
        access: { appId: BigInt(found.app.id), action: actions.delete },
      },
      target: `app ${name}`,
      organisationId: found.organisation.id,
    }
  },

  async run({ tx, now }, { subject: { app }, actor }) {
    await tx.tokens.revokeOfApp(app.id, now, describeCredential(actor))
    await tx.apps.delete(app.id)
    return undefined
  },
}
