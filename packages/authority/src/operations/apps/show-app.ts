// app.show: one app.
import { actions } from '@hallpass/macaroon'

import { accessApp, countsOf, type FoundApp, type ShownApp } from './find-app.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { isOwn } from '../perform/principal.ts'

export const showApp: ReadOperation<{ readonly name: string }, FoundApp, ShownApp> = {
  name: 'app.show',
  mode: 'read',

  access: (context, { name }) => accessApp(context, name, actions.read),

  async run({ principal, tx }, { subject }) {
    return { ...subject, ...(await countsOf(tx, subject.app)), own: isOwn(principal, subject.organisation) }
  },
}
