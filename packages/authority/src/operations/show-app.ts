// app.show: one app.
import { actions } from '@hallpass/macaroon'

import { intendOnApp, type FoundApp, type ShownApp } from './intend.ts'
import type { Reading } from './operation.ts'
import { isOwn } from './principal.ts'

export const showApp: Reading<{ readonly name: string }, FoundApp, ShownApp> = {
  name: 'app.show',
  mode: 'read',

  access: (scene, { name }) => intendOnApp(scene, name, actions.read),

  async run({ principal }, { subject }) {
    return { ...subject, own: isOwn(principal, subject.organisation) }
  },
}
