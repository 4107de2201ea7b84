// machine.lease, machine.release, machine.show_lease: the holder of the nonce keeps all others from changing a machine.
import { actions } from '@hallpass/macaroon'

import { DomainError } from '../../domain/errors.ts'
import { createLeaseNonce, type Machine, type MachineLease, type RandomBytes } from '../../domain/machine.ts'
import { changeMachine } from '../../domain/machine-change.ts'
import type { ReadOperation, WriteOperation } from '../perform/operation.ts'
import { describeCredential, type Credential } from '../perform/principal.ts'
import {
  accessMachine,
  expectMachine,
  expectNoOtherLease,
  isNonce,
  leaseOf,
  type LeasedMachine,
  type MachineName,
  type SoughtMachine,
} from './find-machine.ts'

/** A new lease of a machine. `ttl` in milliseconds. */
export function createLease(
  { version }: Machine,
  actor: Credential,
  { now, randomBytes }: { readonly now: number; readonly randomBytes: RandomBytes },
  ttl: number,
  description: string,
): MachineLease {
  const expiresAt = now + Math.min(ttl, longestLease)
  return { nonce: createLeaseNonce(randomBytes), owner: ownerOf(actor), description, expiresAt, version }
}

// The original names tokens like this.
function ownerOf(actor: Credential): string {
  return actor.kind === 'token' ? `${actor.record.id}@tokens.fly.io` : describeCredential(actor)
}

const longestLease = 86_400_000

export interface AcquireLease extends LeasedMachine {
  /** Milliseconds. */
  readonly ttl: number
  /** If it is undefined, a renewed lease keeps its description. */
  readonly description: string | undefined
}

export const acquireLease: WriteOperation<AcquireLease, SoughtMachine, MachineLease> = {
  name: 'machine.lease',
  mode: 'write',

  access: (context, input) => accessMachine(context, input, { action: actions.control }),

  async run({ tx, environment: { randomBytes }, now }, { input, subject, actor }) {
    const machine = expectMachine(subject)
    expectNoOtherLease(machine, input.nonce, now)
    const held = leaseOf(machine, now)
    const made = createLease(
      machine,
      actor,
      { now, randomBytes },
      input.ttl,
      input.description ?? held?.description ?? '',
    )
    // A renewed lease keeps its nonce and its owner.
    const lease = held === undefined ? made : { ...made, nonce: held.nonce, owner: held.owner }
    const change = changeMachine(machine, undefined, { now, randomBytes }, { lease })
    if (change !== undefined) await tx.machines.save(change.machine, [])
    return lease
  },
}

export const releaseLease: WriteOperation<LeasedMachine, SoughtMachine, undefined> = {
  name: 'machine.release',
  mode: 'write',

  access: (context, input) => accessMachine(context, input, { action: actions.control }),

  async run({ tx, now }, { input, subject }) {
    const machine = expectMachine(subject)
    expectLease(machine, now)
    expectNoOtherLease(machine, input.nonce, now)
    await tx.machines.save({ ...machine, lease: null, updatedAt: now }, [])
    return undefined
  },
}

export const showLease: ReadOperation<
  MachineName & { readonly nonce?: string | undefined },
  SoughtMachine,
  MachineLease
> = {
  name: 'machine.show_lease',
  mode: 'read',

  access: (context, input) => accessMachine(context, input, { action: actions.read }),

  async run({ now }, { input, subject }) {
    const lease = expectLease(expectMachine(subject), now)
    // A caller who may only read must not learn the nonce, which lets one change the machine.
    return isNonce(lease, input.nonce) ? lease : { ...lease, nonce: '' }
  },
}

function expectLease(machine: Machine, now: number): MachineLease {
  const lease = leaseOf(machine, now)
  if (lease === undefined) throw new DomainError('not_found', 'lease not found')
  return lease
}
