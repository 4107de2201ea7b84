/** An access: one attempted action on one resource, as `clear` holds caveats against it. */

import { type Action, actions, isAction, allows } from './action.ts'
import { badArgument, expectFields, expectText, takeList } from './boundary.ts'
import { type DischargeAccess, isTime, takeDischargeAccess, validateDischargeAccess } from './discharge-access.ts'

/** Go's `flyio.Access`, with the time as a part of it. What is left out is not specified, which is not the same as ''. */
export interface Access {
  /** Only a DischargeAccess has one. */
  readonly type?: undefined
  /** What is attempted; several bits mean all of them at once. */
  readonly action: Action
  /** Unix seconds; fractions count. */
  readonly now: number | bigint
  readonly orgId?: bigint | undefined
  readonly appId?: bigint | undefined
  readonly appFeature?: string | undefined
  /** A feature of the organisation, such as `wg` or `membership`. */
  readonly feature?: string | undefined
  readonly volume?: string | undefined
  readonly machine?: string | undefined
  readonly machineFeature?: string | undefined
  readonly mutation?: string | undefined
  readonly sourceMachine?: string | undefined
  readonly sourceApp?: string | undefined
  readonly sourceOrganization?: string | undefined
  /** An IPv4 or IPv6 address, or a function that finds it out, which is called only for a caveat that asks. */
  readonly sourceAddress?: string | (() => string | undefined) | undefined
  readonly cluster?: string | undefined
  readonly command?: readonly string[] | undefined
  readonly storageObject?: string | undefined
}

/** Roles are bits of a mask; an admin has all 32. */
export const roles = /* @__PURE__ */ Object.freeze({ member: 1, billingManager: 2, admin: 0xffffffff } as const)

const allowedToMembers: ReadonlyMap<string, Action> = /* @__PURE__ */ new Map([
  ['wg', actions.all],
  ['domain', actions.all],
  ['site', actions.all],
  ['builder', actions.all],
  ['addon', actions.all],
  ['checks', actions.all],
  ['litefs-cloud', actions.all],
  ['membership', actions.read],
  ['billing', actions.read],
  ['authentication', actions.read],
  ['deletion', actions.none],
  ['document_signing', actions.none],
])

/** What ordinary members may do with a feature of their organisation; a feature that is not listed needs an admin. */
export const memberFeatures: ReadonlyMap<string, Action> = /* @__PURE__ */ new Map(allowedToMembers)

/**
 * The role that this access takes, as Go's `Access.GetPermittedRoles`: a member, or an admin.
 *
 * Throws MacaroonError `bad-argument` where a part of it is not of its type.
 */
export function permittedRole(access: Access): number {
  return roleFor(takeText(expectFields(access, 'access').feature, 'feature'), access.action)
}

/** The same for what was checked already. */
export function roleFor(feature: string | undefined, action: Action): number {
  if (feature === undefined) return roles.member
  const allowed = allowedToMembers.get(feature)
  return allowed !== undefined && allows(allowed, action) ? roles.member : roles.admin
}

/**
 * A copy with only the fields of an access, so that all caveats are held against the same values. A field that is null
 * counts as missing, as in JSON.
 *
 * Throws MacaroonError `bad-argument` naming the field that is not of its type.
 */
export function takeAccess(given: Access | DischargeAccess): Access | DischargeAccess {
  const access = expectFields(given, 'access')
  if (access.type === 'discharge') return takeDischargeAccess(access)
  absent(access.type ?? null, 'type', 'discharge')
  const { command } = access
  return {
    action: access.action,
    now: access.now,
    orgId: takeId(access.orgId, 'orgId'),
    appId: takeId(access.appId, 'appId'),
    appFeature: takeText(access.appFeature, 'appFeature'),
    feature: takeText(access.feature, 'feature'),
    volume: takeText(access.volume, 'volume'),
    machine: takeText(access.machine, 'machine'),
    machineFeature: takeText(access.machineFeature, 'machineFeature'),
    mutation: takeText(access.mutation, 'mutation'),
    sourceMachine: takeText(access.sourceMachine, 'sourceMachine'),
    sourceApp: takeText(access.sourceApp, 'sourceApp'),
    sourceOrganization: takeText(access.sourceOrganization, 'sourceOrganization'),
    sourceAddress:
      typeof access.sourceAddress === 'function'
        ? access.sourceAddress
        : takeText(access.sourceAddress, 'sourceAddress'),
    cluster: takeText(access.cluster, 'cluster'),
    command: command === undefined || command === null ? undefined : takeList(command, 'command', expectText),
    storageObject: takeText(access.storageObject, 'storageObject'),
  }
}

function takeId(id: bigint | undefined, name: string): bigint | undefined {
  return id === undefined || typeof id === 'bigint' ? id : absent(id, name, 'a bigint')
}

function takeText(text: string | undefined, name: string): string | undefined {
  return text === undefined || typeof text === 'string' ? text : absent(text, name, 'a string')
}

function absent(value: unknown, name: string, wanted: string): undefined {
  if (value !== null) throw badArgument(`access.${name}`, wanted)
}

/**
 * Checks that an access is one action on one resource, with the parents of that resource, as Go's `Access.Validate`.
 * Also checks that its action and its time are numbers that can be compared.
 *
 * Returns what is wrong as a sentence, or undefined where nothing is. Throws MacaroonError `bad-argument` where a part of
 * it is not of its type.
 */
export function validateAccess(access: Access | DischargeAccess): string | undefined {
  return whatIsWrong(takeAccess(access))
}

/** The same for what `takeAccess` made. */
export function whatIsWrong(access: Access | DischargeAccess): string | undefined {
  if (access.type === 'discharge') return validateDischargeAccess(access)
  if (!isAction(access.action)) return 'An access needs an action, a mask of 16 bits'
  if (!isTime(access.now)) return 'An access needs the time, in Unix seconds'
  if (access.orgId === undefined) return 'An access must name its organization'

  const { appId, feature, storageObject, machine, volume, appFeature, cluster, command, machineFeature } = access
  if (count(appId, feature, storageObject) > 1) return exclusive(access, organizationParts)

  const inApp = count(machine, volume, appFeature)
  if (inApp > 0 && appId === undefined) return `An access to ${said(access, appParts)} must name its app`
  if (inApp > 1) return exclusive(access, appParts)

  if (cluster !== undefined && feature !== clusterFeature) {
    return `An access to a cluster must name the feature ${clusterFeature}`
  }

  const inMachine = count(command, machineFeature, undefined)
  if (inMachine > 0 && machine === undefined) return `An access to ${said(access, machineParts)} must name its machine`
  if (inMachine > 1) return exclusive(access, machineParts)
  return undefined
}

const clusterFeature = 'litefs-cloud'

const resourceNames = {
  appId: 'an app',
  feature: 'an organization feature',
  storageObject: 'a storage object',
  machine: 'a machine',
  volume: 'a volume',
  appFeature: 'an app feature',
  command: 'a command',
  machineFeature: 'a machine feature',
} as const

type Part = keyof typeof resourceNames

const organizationParts: readonly Part[] = ['appId', 'feature', 'storageObject']
const appParts: readonly Part[] = ['machine', 'volume', 'appFeature']
const machineParts: readonly Part[] = ['command', 'machineFeature']

/** The number of these that are named. Only an error needs to know which. */
function count(a: unknown, b: unknown, c: unknown): number {
  return Number(a !== undefined) + Number(b !== undefined) + Number(c !== undefined)
}

function exclusive(access: Access, parts: readonly Part[]): string {
  return `An access is to one resource, and this one names ${said(access, parts)}`
}

function said(access: Access, parts: readonly Part[]): string {
  return parts
    .filter((part) => access[part] !== undefined)
    .map((part) => resourceNames[part])
    .join(' and ')
}
