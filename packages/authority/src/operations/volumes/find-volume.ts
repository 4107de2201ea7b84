// Finds a volume by app and id, and makes the access request for it.
import type { Action } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { Volume } from '../../domain/volume.ts'
import { findApp, type FoundApp } from '../apps/find-app.ts'
import type { AccessRequest, OperationContext } from '../perform/operation.ts'

export interface VolumeName {
  readonly appName: string
  readonly volumeId: string
}

export interface SoughtVolume extends FoundApp {
  /** Undefined if the app has none of this id. Only a caller who may do it learns that. */
  readonly volume: Volume | undefined
}

/**
 * The access request for a volume of an app.
 * @throws DomainError `not_found` if there is no such app
 */
export async function accessVolume(
  context: OperationContext<ReadTransaction>,
  { appName, volumeId }: VolumeName,
  action: Action,
): Promise<AccessRequest<SoughtVolume>> {
  const found = await findApp(context, appName)
  const { app, organisation } = found
  const known = await context.tx.volumes.byId(volumeId)
  const volume = known?.appId === app.id ? known : undefined
  return {
    subject: { ...found, volume },
    requirement: { kind: 'access', organisation, access: { action, appId: BigInt(app.id), volume: volumeId } },
    target: volume === undefined ? `a volume of app ${app.name}` : `volume ${volumeId} of app ${app.name}`,
    organisationId: organisation.id,
  }
}

/** @throws DomainError `not_found` */
export function expectVolume({ volume }: SoughtVolume): Volume {
  if (volume === undefined) throw new DomainError('not_found', 'volume not found')
  return volume
}
