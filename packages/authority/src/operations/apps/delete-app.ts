// app.delete: deletes an app and revokes the tokens limited to it.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { accessApp, countsOf, type FoundApp, type ShownApp } from './find-app.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { describeCredential, isOwn } from '../perform/principal.ts'

export interface DeleteApp {
  readonly name: string
  /** Whether its machines and volumes are destroyed with it; without it an app that has some stays. */
  readonly force?: boolean
}

export const deleteApp: WriteOperation<DeleteApp, FoundApp, ShownApp> = {
  name: 'app.delete',
  mode: 'write',

  access: (context, { name }) => accessApp(context, name, actions.delete),

  async run({ tx, now, principal }, { input: { force = false }, subject: { app, organisation }, actor }) {
    const { machineCount: machines, volumeCount: volumes } = await countsOf(tx, app)
    if (machines + volumes > 0 && !force) {
      const many = [countOf(machines, 'machine'), countOf(volumes, 'volume')]
        .filter((part) => part !== '')
        .join(' and ')
      const them = machines + volumes === 1 ? 'it' : 'them'
      throw new DomainError(
        'conflict',
        `app ${app.name} still has ${many}: destroy ${them} first, or destroy the app with --force (in the API force=true)`,
      )
    }
    if (machines > 0) await tx.machines.destroyOfApp(app.id, now)
    if (volumes > 0) await tx.volumes.destroyOfApp(app.id, now)
    await tx.tokens.revokeOfApp(app.id, now, describeCredential(actor))
    await tx.apps.delete(app.id)
    return { app, machineCount: 0, volumeCount: 0, organisation, own: isOwn(principal, organisation) }
  },

  async afterCommit({ environment }, output) {
    environment.machines?.wake()
    return output
  },
}

function countOf(count: number, noun: string): string {
  return count === 0 ? '' : count === 1 ? `a ${noun}` : `${count} ${noun}s`
}
