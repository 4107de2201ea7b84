// app.delete: deletes an app and revokes the tokens limited to it.
import { actions } from '@hallpass/macaroon'

import { accessApp, type FoundApp, type ShownApp } from './find-app.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { describeCredential, isOwn } from '../perform/principal.ts'

export const deleteApp: WriteOperation<{ readonly name: string }, FoundApp, ShownApp> = {
  name: 'app.delete',
  mode: 'write',

  access: (context, { name }) => accessApp(context, name, actions.delete),

  async run({ tx, now, principal }, { subject: { app, organisation }, actor }) {
    await tx.tokens.revokeOfApp(app.id, now, describeCredential(actor))
    await tx.apps.delete(app.id)
    return { app, organisation, own: isOwn(principal, organisation) }
  },
}
