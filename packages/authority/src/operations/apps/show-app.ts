// app.show: one app.
import { actions } from '@hallpass/macaroon'

import { accessApp, countsOf, type FoundApp, type ShownApp } from './find-app.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { isOwn } from '../perform/principal.ts'

export const showApp: ReadOperation<{ readonly name: string }, FoundApp, ShownApp> = {
  name: 'app.show',
  mode: 'read',

  access: (context, { name }) => accessApp(context, name, actions.read),

  async run({ principal, tx }, { subject: { app, organisation } }) {
    const { machineCount, volumeCount } = await countsOf(tx, app)
    // Field by field: V8 takes a microsecond to spread a row of the store.
    return { app, organisation, machineCount, volumeCount, own: isOwn(principal, organisation) }
  },
}
