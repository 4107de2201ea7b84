// Finds a machine by app and id, makes the access request for it, and says who may change it while it is leased.
import { timingSafeEqual } from 'node:crypto'

import type { Access } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import type { Machine, MachineEvent, MachineLease } from '../../domain/machine.ts'
import type { MachineRunner } from '../../domain/machine-runner.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { findApp, type FoundApp } from '../apps/find-app.ts'
import type { AccessRequest, OperationContext, Services } from '../perform/operation.ts'

export interface MachineName {
  readonly appName: string
  readonly machineId: string
}

/** A machine that is to be changed; if it is leased, with the nonce of the lease. */
export interface LeasedMachine extends MachineName {
  readonly nonce: string | undefined
}

export interface SoughtMachine extends FoundApp {
  /** Undefined if the app has none of this id. Only a caller who may do it learns that. */
  readonly machine: Machine | undefined
}

/** A machine with the parts that are shown with it. */
export interface ShownMachine extends FoundApp {
  readonly machine: Machine
  /** The newest first. */
  readonly events: readonly MachineEvent[]
}

/** How many events come with a machine. */
export const eventsShown = 20

/** A machine that may be named by its id alone. */
export interface MachineAnywhere extends Omit<MachineName, 'appName'> {
  readonly appName: string | undefined
}

/**
 * The access request for a machine of an app.
 * @throws DomainError `not_found` if there is no such app, or no app is named and there is no such machine
 */
export async function accessMachine(
  context: OperationContext<ReadTransaction>,
  { appName, machineId }: MachineAnywhere,
  access: Omit<Access, 'now' | 'orgId' | 'appId' | 'machine'>,
): Promise<AccessRequest<SoughtMachine>> {
  const known = await context.tx.machines.byId(machineId)
  const found = await findApp(context, appName ?? (await nameOfApp(context, known)))
  const { app, organisation } = found
  const machine = known?.appId === app.id ? known : undefined
  return {
    subject: { ...found, machine },
    requirement: { kind: 'access', organisation, access: { ...access, appId: BigInt(app.id), machine: machineId } },
    target: machine === undefined ? `a machine of app ${app.name}` : `machine ${machineId} of app ${app.name}`,
    organisationId: organisation.id,
  }
}

async function nameOfApp({ tx }: OperationContext<ReadTransaction>, machine: Machine | undefined): Promise<string> {
  const app = machine && (await tx.apps.byId(machine.appId))
  if (app === undefined) throw noMachine()
  return app.name
}

/** @throws DomainError `not_found` */
export function expectMachine({ machine }: SoughtMachine): Machine {
  if (machine === undefined) throw noMachine()
  return machine
}

function noMachine(): DomainError {
  return new DomainError('not_found', 'machine not found')
}

/**
 * What runs machines.
 * @throws DomainError `engine_unavailable`
 */
export function expectRunner({ machines }: Pick<Services, 'machines'>): MachineRunner {
  if (machines !== undefined) return machines
  throw new DomainError(
    'engine_unavailable',
    'this authority runs no machines: its operator can start Docker or Podman, or name an engine with --engine',
  )
}

/** The lease, if it has not ended. */
export function leaseOf({ lease }: Machine, now: number): MachineLease | undefined {
  return lease !== null && lease.expiresAt > now ? lease : undefined
}

/** @throws DomainError `conflict` if it is leased under another nonce */
export function expectNoOtherLease(machine: Machine, nonce: string | undefined, now: number): void {
  const lease = leaseOf(machine, now)
  if (lease === undefined || isNonce(lease, nonce)) return
  throw new DomainError(
    'conflict',
    `machine ID ${machine.id} lease currently held by ${lease.owner}, expires at ${formatTime(lease.expiresAt)}`,
  )
}

export function isNonce(lease: MachineLease, nonce: string | undefined): boolean {
  const [known, given] = [Buffer.from(lease.nonce), Buffer.from(nonce ?? '')]
  return known.length === given.length && timingSafeEqual(known, given)
}

function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace(/\.\d+Z$/, 'Z')
}

export function refuseState(verb: string, { state }: Machine): DomainError {
  return new DomainError(
    'failed_precondition',
    `failed_precondition: unable to ${verb} machine from current state: '${state}'`,
  )
}
