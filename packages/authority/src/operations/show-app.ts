// app.show: one app.
import { actions } from '@hallpass/macaroon'

import { intendOnApp, type FoundApp } from './intend.ts'
import type { Reading } from './operation.ts'

export const showApp: Reading<{ readonly name: string }, FoundApp, FoundApp> = {
  name: 'app.show',
  mode: 'read',

  access: (scene, { name }) => intendOnApp(scene, name, actions.read),

  async run(_scene, { subject }) {
    return subject
  },
}
