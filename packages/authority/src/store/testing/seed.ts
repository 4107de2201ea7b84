// Rows for the tests of the store, each different from all before it.
import { createHash, randomBytes, randomUUID } from 'node:crypto'

import { parseNetwork } from '@hallpass/macaroon/narrow'

import type { App } from '../../domain/app.ts'
import type { AuditEvent } from '../../domain/audit-event.ts'
import type { DischargeRequest } from '../../domain/discharge.ts'
import { createMachineId, createUlid, type Machine } from '../../domain/machine.ts'
import type { Organisation, Role } from '../../domain/organisation.ts'
import type { Transaction } from '../../domain/store.ts'
import type { NewToken, SignedRecord, TokenRecord } from '../../domain/token.ts'
import { openPolicy, type TokenPolicy } from '../../domain/token-policy.ts'
import type { TrustPolicy } from '../../domain/trust-policy.ts'
import type { User } from '../../domain/user.ts'
import { createVolumeId, type Volume } from '../../domain/volume.ts'

let count = 0

/** A name that no other test has. */
export function unique(prefix: string): string {
  count += 1
  return `${prefix}-${process.pid}-${count}`
}

/** 32 bytes that no other test has. */
export function uniqueBytes(): Uint8Array {
  return new Uint8Array(createHash('sha256').update(randomUUID()).digest())
}

/** A hash in hexadecimal that no other test has. */
export function uniqueHash(): string {
  return Buffer.from(uniqueBytes()).toString('hex')
}

/** The digest of a derived token that no other test has. */
export function uniqueDigest(): Uint8Array {
  return uniqueBytes().slice(0, 16)
}

export function insertUser(
  tx: Transaction,
  changes: Partial<Parameters<Transaction['users']['insert']>[0]> = {},
): Promise<User> {
  return tx.users.insert({
    email: `${unique('user')}@example.com`,
    passwordHash: '$argon2id$x',
    createdAt: 1000,
    emailProvenAt: null,
    emailProvenBy: null,
    ...changes,
  })
}

/** Every limit that there is. */
export const strictPolicy: TokenPolicy = {
  maxLifetime: 7_776_000,
  defaultLifetime: 2_592_000,
  tokensMayMint: false,
  onlyAdminsMint: true,
  approval: true,
  networks: [parseNetwork('10.0.0.0/8'), parseNetwork('2001:db8::/32')],
}

export function insertOrganisation(tx: Transaction, changes: Partial<Organisation> = {}): Promise<Organisation> {
  return tx.organisations.insert({
    slug: unique('org'),
    name: 'Org',
    personalOf: null,
    membershipDischarge: 'none',
    tokenPolicy: openPolicy,
    createdAt: 1000,
    ...changes,
  })
}

/** An event that nobody in particular caused. */
export function createEvent(organisationId: number, at: number): AuditEvent {
  const actor = { kind: 'nobody', id: '', label: '' } as const
  return {
    at,
    organisationId,
    operation: 'app.create',
    outcome: 'allowed',
    actor,
    target: '',
    reason: '',
    requestId: '',
  }
}

export function insertApp(tx: Transaction, organisationId: number, changes: Partial<App> = {}): Promise<App> {
  return tx.apps.insert({
    publicId: unique('public'),
    name: unique('app'),
    organisationId,
    network: 'default',
    idempotencyKey: null,
    createdAt: 1000,
    ...changes,
  })
}

/** A machine that is created and due at once, unless it is changed. */
export async function insertMachine(
  tx: Transaction,
  app: Pick<App, 'id' | 'organisationId'>,
  changes: Partial<Machine> = {},
): Promise<Machine> {
  const machine: Machine = {
    id: createMachineId(randomBytes),
    organisationId: app.organisationId,
    appId: app.id,
    name: unique('machine'),
    region: 'local',
    state: 'created',
    version: createUlid(1000, randomBytes),
    config: '{"image":"busybox"}',
    metadata: '{}',
    isCordoned: false,
    hasSecrets: true,
    launches: true,
    stopSignal: null,
    stopTimeout: null,
    image: null,
    runId: null,
    runs: 0,
    startedAt: null,
    address: null,
    restarts: 0,
    tries: 0,
    dueAt: 1000,
    lastEventId: '',
    lease: null,
    runLabels: { first: [{ agent: 'ci', run: '42', onBehalfOf: '' }], more: 3 },
    createdAt: 1000,
    updatedAt: 1000,
    ...changes,
  }
  await tx.machines.insert(machine, [])
  return machine
}

/** A complete volume, with these changes. */
export async function insertVolume(
  tx: Transaction,
  app: Pick<App, 'id' | 'organisationId'>,
  changes: Partial<Volume> = {},
): Promise<Volume> {
  const volume: Volume = {
    id: createVolumeId(randomBytes),
    organisationId: app.organisationId,
    appId: app.id,
    name: 'data',
    region: 'local',
    state: 'created',
    sizeGb: 1,
    madeGb: 1,
    isSized: true,
    machineId: null,
    problem: null,
    tries: 0,
    dueAt: null,
    createdAt: 1000,
    updatedAt: 1000,
    ...changes,
  }
  await tx.volumes.insert(volume)
  return volume
}

/** A user and an organisation that the user belongs to. */
export async function insertMember(
  tx: Transaction,
  role: Role = 'admin',
): Promise<{ readonly user: User; readonly organisation: Organisation }> {
  const user = await insertUser(tx)
  const organisation = await insertOrganisation(tx)
  await tx.memberships.insert({ organisationId: organisation.id, userId: user.id, role, createdAt: 1000 })
  return { user, organisation }
}

/** A session that ends at 100, unless it is changed. */
export function insertSession(tx: Transaction, userId: number, changes: Partial<NewSession> = {}) {
  return tx.sessions.insert({
    userId,
    tokenHash: uniqueHash(),
    kind: 'cli',
    label: 'laptop',
    createdAt: 1,
    expiresAt: 100,
    provenAt: 1,
    ...changes,
  })
}

type NewSession = Parameters<Transaction['sessions']['insert']>[0]

/** A login that ends at 100, unless it is changed; returns the hash of its id. */
export async function insertCliLogin(tx: Transaction, changes: Partial<NewCliLogin> = {}): Promise<Uint8Array> {
  const idHash = uniqueBytes()
  await tx.cliLogins.insert({
    idHash,
    name: 'laptop',
    requestedFrom: unique('192.0.2.1'),
    codeChallenge: null,
    state: 'state',
    redirectPort: null,
    createdAt: 1,
    expiresAt: 100,
    ...changes,
  })
  return idHash
}

type NewCliLogin = Parameters<Transaction['cliLogins']['insert']>[0]

export function createToken(organisationId: number, changes: Partial<NewToken> = {}): NewToken {
  return {
    id: randomUUID(),
    organisationId,
    appId: null,
    profile: 'deploy_organization',
    name: 'Org deploy token',
    createdBy: null,
    mintedBy: null,
    createdAt: 1000,
    expiresAt: 5000,
    revokedAt: null,
    revokedBy: null,
    caveats: null,
    machineId: null,
    successorId: null,
    predecessorId: null,
    isApproved: true,
    ...changes,
  }
}

/** A task that is due at 10 and expires at 100, unless it is changed. */
export async function insertTask(
  tx: Transaction,
  changes: Partial<Parameters<Transaction['outbox']['insert']>[0]> = {},
): Promise<number> {
  const id = await tx.outbox.insert({ kind: 'mail', payload: uniqueBytes(), dueAt: 10, expiresAt: 100, ...changes })
  if (id === undefined) throw new Error('the outbox is full')
  return id
}

/** The part of the token that most look-ups return. */
export function recordOf(token: NewToken): TokenRecord {
  const { caveats: _caveats, predecessorId: _predecessorId, ...record } = token
  return record
}

/** What the look-up of every request returns for one that nothing was derived from. */
export function signedRecordOf(token: NewToken): SignedRecord {
  return { ...recordOf(token), mintedCaveats: null, revokedDerived: 0 }
}

/** A request with the hashes that it is found by. */
export async function insertDischargeRequest(
  tx: Transaction,
  changes: Partial<DischargeRequest> = {},
  hashes: { readonly personHash?: Uint8Array; readonly pollHash?: Uint8Array } = {},
) {
  const { personHash = uniqueBytes(), pollHash = uniqueBytes() } = hashes
  const request = await tx.dischargeRequests.insert({
    tokenId: randomUUID(),
    userId: 1,
    organisationId: 2,
    ticket: uniqueBytes(),
    state: 'pending',
    requestedFrom: '127.0.0.1',
    createdAt: 1000,
    expiresAt: 5000,
    ...changes,
    personHash,
    pollHash,
  })
  return { personHash, pollHash, request }
}

export async function insertTrustPolicy(
  tx: Transaction,
  organisationId: number,
  changes: Partial<TrustPolicy> = {},
): Promise<TrustPolicy> {
  const policy = {
    id: randomUUID(),
    organisationId,
    appId: null,
    name: unique('policy'),
    issuer: 'https://ci.example',
    audience: 'hallpass',
    claims: { sub: ['job'] },
    caveats: Uint8Array.of(0x90),
    lifetime: 900,
    createdBy: null,
    createdAt: 1,
    ...changes,
  }
  await tx.trustPolicies.insert(policy)
  return policy
}
