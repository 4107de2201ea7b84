// app.delete: with it go the tokens that are limited to it.
import { actions } from '@hallpass/macaroon'

import { intendOnApp, type FoundApp, type ShownApp } from './intend.ts'
import type { Writing } from './operation.ts'
import { describeCredential, isOwn } from './principal.ts'

export const deleteApp: Writing<{ readonly name: string }, FoundApp, ShownApp> = {
  name: 'app.delete',
  mode: 'write',

  access: (scene, { name }) => intendOnApp(scene, name, actions.delete),

  async run({ tx, now, principal }, { subject: { app, organisation }, actor }) {
    await tx.tokens.revokeOfApp(app.id, now, describeCredential(actor))
    await tx.apps.delete(app.id)
    return { app, organisation, own: isOwn(principal, organisation) }
  },
}
