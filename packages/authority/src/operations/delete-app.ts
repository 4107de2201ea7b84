// app.delete: with it go the tokens that are limited to it.
import { actions } from '@hallpass/macaroon'

import { intendOnApp, type FoundApp } from './intend.ts'
import type { Writing } from './operation.ts'
import { describeCredential } from './principal.ts'

export const deleteApp: Writing<{ readonly name: string }, FoundApp, undefined> = {
  name: 'app.delete',
  mode: 'write',

  access: (scene, { name }) => intendOnApp(scene, name, actions.delete),

  async run({ tx, now }, { subject: { app }, actor }) {
    await tx.tokens.revokeOfApp(app.id, now, describeCredential(actor))
    await tx.apps.delete(app.id)
    return undefined
  },
}
