// app.delete: deletes an app and revokes the tokens limited to it.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { accessApp, type FoundApp, type ShownApp } from './find-app.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { describeCredential, isOwn } from '../perform/principal.ts'

export interface DeleteApp {
  readonly name: string
  /** Whether its machines are destroyed with it; without it an app that has some stays. */
  readonly force?: boolean
}

export const deleteApp: WriteOperation<DeleteApp, FoundApp, ShownApp> = {
  name: 'app.delete',
  mode: 'write',

  access: (context, { name }) => accessApp(context, name, actions.delete),

  async run({ tx, now, principal }, { input: { force = false }, subject: { app, organisation }, actor }) {
    const machines = await tx.machines.countOfApp(app.id)
    if (machines > 0 && !force) {
      const [many, them] = machines === 1 ? ['a machine', 'it'] : [`${machines} machines`, 'them']
      throw new DomainError(
        'conflict',
        `app ${app.name} still has ${many}: destroy ${them} first, or destroy the app with --force (in the API force=true)`,
      )
    }
    if (machines > 0) await tx.machines.destroyOfApp(app.id, now)
    await tx.tokens.revokeOfApp(app.id, now, describeCredential(actor))
    await tx.apps.delete(app.id)
    return { app, machineCount: 0, organisation, own: isOwn(principal, organisation) }
  },

  async afterCommit({ environment }, output) {
    environment.machines?.wake()
    return output
  },
}
