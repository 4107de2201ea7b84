// Decides whether a principal may do what an operation requires. Access is decided nowhere else.
import { actions, roles, clear, clearCaveats, type Access, type Caveat, type Clearance } from '@hallpass/macaroon'
import { clearFixed } from '@hallpass/macaroon/internal'

import { DomainError } from '../../domain/errors.ts'
import type { Organisation, Role } from '../../domain/organisation.ts'
import { shorten } from '../../domain/shorten.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import type { Block } from '../../domain/token-policy.ts'
import { blockWith, findRoles, makersOf, noRoles, type Roles } from './blocks.ts'
import type { Caller, Requirement, OperationContext } from './operation.ts'
import { describeCredential, type Credential } from './principal.ts'

/** The refusal for somebody outside the organisation. It reveals nothing about the organisation. */
export class StrangerRefused extends DomainError {
  constructor(sentence: string) {
    super('forbidden', sentence)
  }
}

/**
 * The first credential of the principal that meets the requirement; at once for tokens.
 * @throws DomainError `forbidden`, saying for the first credential which caveat or role forbids it; StrangerRefused if
 * that credential is of another organisation; `blocked` if a limit of the organisation blocks it
 */
export function authorise(
  context: OperationContext<ReadTransaction>,
  requirement: Requirement,
): Credential | Promise<Credential> {
  const { credentials } = context.principal
  if (requirement.kind === 'credential') return credentials[0]
  if (requirement.kind === 'person') {
    const person = credentials.find((credential) => credential.kind === 'user')
    if (person !== undefined) return person
    throw new DomainError('forbidden', 'only a person who is logged in may do this; a token may not')
  }
  const attempts = attemptsAt(requirement, context.caller, context.now)
  const { organisation } = requirement
  const users = credentials.flatMap((credential) =>
    credential.kind === 'user' ? credential.user.id : makersOf([credential.record], organisation),
  )
  if (users.length === 0) return choose(requirement, attempts, credentials, noRoles)
  return findRoles(context.tx, organisation.id, users).then((found) =>
    choose(requirement, attempts, credentials, found),
  )
}

/** From where a request comes, for an access. The address is found out only if a caveat asks, and then once. */
export function findSource(
  caller: Caller,
): Pick<Access, 'sourceMachine' | 'sourceApp' | 'sourceOrganization' | 'sourceAddress'> {
  const { source } = caller
  return {
    sourceMachine: source?.sourceMachine,
    sourceApp: source?.sourceApp,
    sourceOrganization: source?.sourceOrganization,
    sourceAddress: addressOnce(caller),
  }
}

function addressOnce(caller: Caller): () => string {
  let address: string | undefined
  return () => (address ??= caller.sourceAddress)
}

/**
 * The context without tokens that are good from a machine or from networks alone, and came from elsewhere, if no access would be
 * checked against their caveats: a copy of such a token must not even say whose it is.
 * @throws DomainError `forbidden` if no credential is left
 */
export function dropStrays<Tx extends ReadTransaction>(
  context: OperationContext<Tx>,
  requirement: Requirement,
): OperationContext<Tx> {
  if (requirement.kind !== 'credential' || requirement.ofOthers === true) return context
  const { credentials } = context.principal
  const refusals = credentials.map((credential) => refuseStray(credential, context))
  const [first, ...rest] = credentials.filter((_credential, at) => refusals[at] === undefined)
  if (first === undefined) throw new DomainError('forbidden', refusals[0] ?? '')
  return rest.length + 1 === credentials.length ? context : { ...context, principal: { credentials: [first, ...rest] } }
}

/** Why a credential is good for nothing here, whatever it asks for; undefined if it may be good. */
export function refuseStray(
  credential: Credential,
  { caller, now }: OperationContext<ReadTransaction>,
): string | undefined {
  if (credential.kind === 'user') return undefined
  const bound = credential.verified.caveats.filter(({ type }) => sourceTypes.has(type))
  if (bound.length === 0) return undefined
  const orgId = BigInt(credential.record.organisationId)
  const access = { action: actions.none, orgId, ...findSource(caller), now: now / 1000 }
  const clearance = clearCaveats(bound, [access])
  if (clearance.allowed) return undefined
  return shorten(`${describeCredential(credential)} is not good here: its caveat ${clearance.denials[0]?.reason ?? ''}`)
}

/** Caveats on where a request comes from. */
const sourceTypes: ReadonlySet<Caveat['type']> = new Set(['FromMachineSource', 'FlySrc', 'Networks'])

function choose(
  requirement: Requirement & { readonly kind: 'access' },
  attempts: readonly Access[],
  credentials: readonly Credential[],
  rolesOfUsers: Roles,
): Credential {
  const { organisation } = requirement
  let first: DomainError | undefined
  for (const credential of credentials) {
    const block = credential.kind === 'token' ? blockHere(credential, requirement, attempts, rolesOfUsers) : undefined
    if (requirement.exempt?.(credential) === true && (block === undefined || requirement.isEnding === true)) {
      return credential
    }
    const denial =
      credential.kind === 'token'
        ? ((block && new DomainError('blocked', block.sentence)) ?? denialOfToken(credential, organisation, attempts))
        : denialOfUser(credential, organisation, attempts, rolesOfUsers.get(credential.user.id))
    // Asked last, because its sentence is not for strangers.
    const refusal = denial === undefined ? requirement.refuse?.(credential) : undefined
    if (denial === undefined && refusal === undefined) return credential
    first ??= denial ?? new DomainError('forbidden', refusal ?? '')
  }
  throw first ?? new DomainError('forbidden', 'nothing allows this')
}

/** What blocks a token of this organisation. One of another is refused anyway, as a stranger's. */
function blockHere(
  { record }: Credential & { readonly kind: 'token' },
  { organisation }: Requirement & { readonly kind: 'access' },
  [attempt]: readonly Access[],
  rolesOfUsers: Roles,
): Block | undefined {
  if (record.organisationId !== organisation.id) return undefined
  return blockWith(organisation, rolesOfUsers, record, attempt?.sourceAddress)
}

/** In a refusal. A token may have hundreds of caveats that forbid, and the first few say enough. */
const mostReasons = 3

/** Whether one credential allows one access; `now` in milliseconds. */
export function allows(
  credential: Credential & { readonly kind: 'token' },
  organisation: Organisation,
  access: Omit<Access, 'now' | 'orgId'>,
  now: number,
): boolean {
  const attempt = { ...access, orgId: BigInt(organisation.id), now: now / 1000 }
  return clear(credential.verified, [attempt], { denials: 1 }).allowed
}

/** What a person's role allows in the organisation where they have it, as caveats, so that there is only one set of rules. */
const clearRole: { readonly [Each in Role]: (attempts: readonly Access[]) => Clearance } = {
  admin: clearFixed([{ type: 'AllowedRoles', roles: roles.admin }]),
  member: clearFixed([{ type: 'AllowedRoles', roles: roles.member }]),
}

function attemptsAt(
  { organisation, access, also, ofOthers }: Requirement & { readonly kind: 'access' },
  caller: Caller,
  now: number,
): readonly Access[] {
  const orgId = BigInt(organisation.id)
  // What a service asks about came to it and not to us.
  const source = ofOthers === true ? undefined : findSource(caller)
  const attempt = attemptOf(access, orgId, now / 1000, caller.mutation, source)
  return also === undefined ? [attempt] : [attempt, attemptOf(also, orgId, now / 1000, caller.mutation, source)]
}

/** Field by field: every request passes here, and V8 is slow to spread an object and to add fields to it. `now` in seconds. */
function attemptOf(
  one: Omit<Access, 'orgId' | 'now'>,
  orgId: bigint,
  now: number,
  mutation: string | undefined,
  source: ReturnType<typeof findSource> | undefined,
): EveryFieldOf<Access> {
  const from = source ?? one
  return {
    type: undefined,
    action: one.action,
    now,
    orgId,
    appId: one.appId,
    appFeature: one.appFeature,
    feature: one.feature,
    volume: one.volume,
    machine: one.machine,
    machineFeature: one.machineFeature,
    mutation: mutation ?? one.mutation,
    sourceMachine: from.sourceMachine,
    sourceApp: from.sourceApp,
    sourceOrganization: from.sourceOrganization,
    sourceAddress: from.sourceAddress,
    cluster: one.cluster,
    command: one.command,
    storageObject: one.storageObject,
  }
}

/** None can be forgotten. */
type EveryFieldOf<T> = { readonly [Field in keyof Required<T>]: T[Field] }

function denialOfToken(
  credential: Credential & { readonly kind: 'token' },
  { id, slug }: Organisation,
  attempts: readonly Access[],
): DomainError | undefined {
  const clearance = clear(credential.verified, attempts, { denials: mostReasons })
  if (clearance.allowed) return undefined
  const holder = describeCredential(credential)
  // Strangers must not learn which organisation an app or a token belongs to.
  if (credential.record.organisationId !== id) {
    return new StrangerRefused(`${holder} is not of the organization that this belongs to`)
  }
  const reasons = clearance.denials.map(({ reason }) => `its caveat ${reason}`)
  const sentence = `${holder} does not allow this in organization ${slug}: ${reasons.join('; ')}`
  return new DomainError('forbidden', shorten(sentence))
}

function denialOfUser(
  credential: Credential & { readonly kind: 'user' },
  { slug }: Organisation,
  attempts: readonly Access[],
  role: Role | undefined,
): DomainError | undefined {
  if (role === undefined) return new StrangerRefused('you are not a member of the organization that this belongs to')
  if (clearRole[role](attempts).allowed) return undefined
  const sentence = `${describeCredential(credential)} is a ${role} of organization ${slug}, and this takes an admin`
  return new DomainError('forbidden', sentence)
}
