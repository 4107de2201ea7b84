// app.create: makes an app in an organisation; the same idempotency key finds the first one again.
import { actions } from '@hallpass/macaroon'

import { createPublicId } from '../../domain/app.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import { countsOf, type ShownApp } from './find-app.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { isOwn } from '../perform/principal.ts'

export interface CreateApp {
  readonly slug: string
  /** Absent only if an idempotency key names an existing app. */
  readonly name: string | undefined
  readonly network: string
  readonly idempotencyKey: string | undefined
}

export const createApp: WriteOperation<CreateApp, Organisation, ShownApp> = {
  name: 'app.create',
  mode: 'write',

  async access(context, { slug, name }) {
    const request = await accessOrganisation(context, slug, { action: actions.create })
    return { ...request, namedTarget: name === undefined ? 'app' : `app ${name}` }
  },

  async run({ tx, environment, now, principal }, { input: { name, network, idempotencyKey }, subject: organisation }) {
    const own = isOwn(principal, organisation)
    if (idempotencyKey !== undefined) {
      const app = await tx.apps.byIdempotencyKey(organisation.id, idempotencyKey)
      if (app !== undefined && (name === undefined || name === app.name)) {
        return { app, ...(await countsOf(tx, app)), organisation, own }
      }
      if (app !== undefined) {
        throw new DomainError('conflict', `this idempotency key created the app ${app.name}`, {
          field: 'idempotency_key',
        })
      }
    }
    if (name === undefined) throw new DomainError('invalid', 'name is missing', { field: 'name' })
    await environment.quotas.expectRoom(tx, organisation, 'apps', now)
    const app = await tx.apps.insert({
      publicId: createPublicId(environment.randomBytes),
      name,
      organisationId: organisation.id,
      network,
      idempotencyKey: idempotencyKey ?? null,
      createdAt: now,
    })
    return { app, machineCount: 0, volumeCount: 0, organisation, own }
  },
}
