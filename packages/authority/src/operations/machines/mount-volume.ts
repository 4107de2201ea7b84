// The volume that a machine mounts: its configuration names it, and the machine takes it at its creation and keeps it.
import { actions } from '@hallpass/macaroon'

import type { App } from '../../domain/app.ts'
import { DomainError } from '../../domain/errors.ts'
import type { MachineConfig, MachineMount } from '../../domain/machine-config.ts'
import type { ReadTransaction, Transaction } from '../../domain/store.ts'
import { isUsable, type Volume } from '../../domain/volume.ts'
import type { FoundApp } from '../apps/find-app.ts'
import type { AccessRequest, OperationContext } from '../perform/operation.ts'

interface WithVolume extends FoundApp {
  /** The volume that the configuration names; undefined if it names none, or one that does not exist. */
  readonly volume: Volume | undefined
}

/** The access request, which also asks for writing to the volume that a configuration mounts. */
export async function accessMounted(
  { tx }: OperationContext<ReadTransaction>,
  request: AccessRequest<FoundApp>,
  { mounts: [mount] = [] }: MachineConfig,
): Promise<AccessRequest<WithVolume>> {
  const { app } = request.subject
  const known = mount && (await findMounted(tx, app, mount))
  const volume = known?.appId === app.id ? known : undefined
  const subject = { ...request.subject, volume }
  const id = mount?.volume ?? volume?.id
  if (id === undefined || request.requirement.kind !== 'access') return { ...request, subject }
  const also = { action: actions.write, appId: BigInt(app.id), volume: id }
  return { ...request, subject, requirement: { ...request.requirement, also } }
}

function findMounted(tx: ReadTransaction, { id }: App, { volume, name = '' }: MachineMount) {
  return volume === undefined ? tx.volumes.freeOfName(id, name) : tx.volumes.byId(volume)
}

/**
 * Takes the volume for a new machine. Returns the configuration with the parts of the volume that clients read.
 * @throws DomainError `invalid` if there is none of this id, `failed_precondition` if it is taken
 */
export async function claimMounted(
  tx: Transaction,
  config: MachineConfig,
  { volume, machineId, now }: { readonly volume: Volume | undefined; readonly machineId: string; readonly now: number },
): Promise<MachineConfig> {
  const [mount] = config.mounts ?? []
  if (mount === undefined) return config
  if (volume === undefined || !isUsable(volume)) {
    if (mount.volume !== undefined) throw refuse('names a volume that this app does not have')
    throw new DomainError('failed_precondition', 'failed_precondition: no volume of this name is free: create another')
  }
  checkName(mount, volume)
  if (volume.machineId !== null) {
    const sentence = `failed_precondition: volume already claimed by machine ${volume.machineId}`
    throw new DomainError('failed_precondition', sentence)
  }
  await tx.volumes.save({ ...volume, machineId, updatedAt: now })
  return { ...config, mounts: [describeMount(mount, volume)] }
}

/**
 * The new configuration of a machine: its volume stays, and only its path may change.
 * @throws DomainError `invalid`
 */
export async function keepMounted(
  tx: ReadTransaction,
  { mounts: [before] = [] }: MachineConfig,
  config: MachineConfig,
): Promise<MachineConfig> {
  const [mount] = config.mounts ?? []
  if (before === undefined && mount === undefined) return config
  const isSame = mount?.volume === undefined ? mount?.name === before?.name : mount.volume === before?.volume
  const volume = isSame && before?.volume !== undefined ? await tx.volumes.byId(before.volume) : undefined
  if (mount === undefined || volume === undefined) {
    throw refuse('must name the volume that the machine has: only its path can change')
  }
  checkName(mount, volume)
  return { ...config, mounts: [describeMount(mount, volume)] }
}

/** Somebody who gives both an id and another name means one of two volumes. */
function checkName({ name }: MachineMount, { id, name: own }: Volume): void {
  if (name !== undefined && name !== own) throw refuse(`names the volume ${id}, whose name is ${own}, and not ${name}`)
}

/** Complete, for clients that make another volume of the same kind from it. */
function describeMount(mount: MachineMount, { id, name, sizeGb }: Volume): MachineMount {
  return { ...mount, volume: id, name, size_gb: sizeGb, encrypted: false }
}

function refuse(what: string): DomainError {
  return new DomainError('invalid', `config.mounts ${what}`, { field: 'config.mounts' })
}
