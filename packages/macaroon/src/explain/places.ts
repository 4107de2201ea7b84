/** What a set of caveats can tell apart: finitely many places, each with one access that stands for all accesses there. */

import { type Access, memberFeatures } from '../access.ts'
import type { Caveat, CaveatType, ResourceSet } from '../caveat.ts'

export type PlaceKind =
  | 'app'
  | 'feature'
  | 'storageObject'
  | 'machine'
  | 'volume'
  | 'appFeature'
  | 'command'
  | 'machineFeature'
  | 'cluster'

export type PlaceId = bigint | string | readonly string[]

/** One step from an organisation towards a resource: this one, those that begin so, or all others. */
export type Step = { readonly kind: PlaceKind } & (
  | { readonly is: PlaceId }
  | { readonly beginsWith: string | readonly string[] }
  | { readonly except: readonly PlaceId[] }
)

/** A class of accesses that the caveats judge alike. */
export interface Place {
  /** Undefined for the organisation itself. */
  readonly step: Step | undefined
  /** What an access that stands for all of them names, apart from its organisation. */
  readonly access: Partial<Access>
  readonly groups: readonly Group[]
  /** Special cases of this place itself: longer prefixes. */
  readonly within: readonly Place[]
}

/** All resources of one kind in one place. */
export interface Group {
  readonly rest: Place
  readonly named: readonly Place[]
}

/** The caveats, and those inside IfPresent. */
export function flatten(caveats: readonly Caveat[]): readonly Caveat[] {
  return caveats.flatMap((caveat) => (caveat.type === 'IfPresent' ? [caveat, ...flatten(caveat.ifs ?? [])] : [caveat]))
}

/** The organisations that the caveats name, and one that they do not. */
export function namedOrganizations(flat: readonly Caveat[]): {
  readonly named: readonly bigint[]
  readonly other: bigint
} {
  const named = new Set(flat.flatMap((caveat) => (caveat.type === 'Organization' ? [caveat.id] : [])))
  named.delete(0n)
  return { named: [...named], other: freshNumber(named) }
}

/** The mutations that the caveats name, and one that they do not; undefined where no caveat is about mutations. */
export function namedMutations(
  flat: readonly Caveat[],
): { readonly named: readonly string[]; readonly other: string } | undefined {
  if (!flat.some(({ type }) => type === 'Mutations')) return undefined
  const named = new Set(flat.flatMap((caveat) => (caveat.type === 'Mutations' ? (caveat.mutations ?? []) : [])))
  return { named: [...named], other: freshText(named) }
}

/** How many places there are; counted before any is made, because a hostile token can name very many. */
export function countPlaces(flat: readonly Caveat[]): number {
  const seen = survey(flat)
  const inMachine = 2 * seen.commands.length + 2 + seen.machineFeatures.size + 1
  const inApp = (seen.machines.size + 1) * (1 + inMachine) + seen.volumes.size + seen.appFeatures.size + 2
  const features = seen.features.size + memberFeatures.size + 1 + seen.clusters.size + 1
  return 1 + (seen.apps.size + 1) * (1 + inApp) + features + seen.prefixes.length + 1
}

/** An organisation and all places in it that these caveats can tell apart. */
export function placesIn(flat: readonly Caveat[]): Place {
  const seen = survey(flat)
  const occurs = (...types: readonly CaveatType[]) => flat.some(({ type }) => types.includes(type))

  const inMachine = (access: Partial<Access>): Group[] => [
    ...(occurs('Commands') ? [commandsIn(access, seen.commands)] : []),
    ...(occurs('MachineFeatureSet') ? [group('machineFeature', seen.machineFeatures, access)] : []),
  ]
  const inApp = (access: Partial<Access>): Group[] => [
    ...(occurs('Machines', 'Commands', 'MachineFeatureSet')
      ? [group('machine', seen.machines, access, inMachine)]
      : []),
    ...(occurs('Volumes') ? [group('volume', seen.volumes, access)] : []),
    ...(occurs('AppFeatureSet') ? [group('appFeature', seen.appFeatures, access)] : []),
  ]
  const inFeature = (access: Partial<Access>): Group[] =>
    access.feature === clusterFeature && occurs('Clusters') ? [group('cluster', seen.clusters, access)] : []

  const features = new Set([...seen.features, ...memberFeatures.keys()])
  return {
    step: undefined,
    access: {},
    groups: [
      group('app', seen.apps, {}, inApp),
      group('feature', features, {}, inFeature),
      ...(occurs('StorageObjects') ? [storageIn(seen.prefixes)] : []),
    ],
    within: [],
  }
}

const clusterFeature = 'litefs-cloud'

const fields = {
  app: 'appId',
  feature: 'feature',
  storageObject: 'storageObject',
  machine: 'machine',
  volume: 'volume',
  appFeature: 'appFeature',
  command: 'command',
  machineFeature: 'machineFeature',
  cluster: 'cluster',
} as const satisfies Record<PlaceKind, keyof Access>

function group<Id extends bigint | string>(
  kind: PlaceKind,
  ids: ReadonlySet<Id>,
  above: Partial<Access>,
  inside: (access: Partial<Access>) => readonly Group[] = () => [],
): Group {
  const place = (step: Step, id: bigint | string): Place => {
    const access = { ...above, [fields[kind]]: id }
    return { step, access, groups: inside(access), within: [] }
  }
  // The zero id means every one where a set holds it, and nothing in particular where an access does.
  const named = [...ids].filter((id) => id !== 0n && id !== '')
  const numbers = new Set(named.filter((id): id is Id & bigint => typeof id === 'bigint'))
  const fresh = kind === 'app' ? freshNumber(numbers) : freshText(named.map(String))
  return { rest: place({ kind, except: [] }, fresh), named: named.map((id) => place({ kind, is: id }, id)) }
}

/** Objects are distinguished by the longest prefix that fits. */
function storageIn(prefixes: readonly string[]): Group {
  const place = (prefix: string): Place => ({
    step: { kind: 'storageObject', beginsWith: prefix },
    access: { storageObject: prefix },
    groups: [],
    within: directlyBelow(prefix, prefixes, (longer, shorter) => longer.startsWith(shorter)).map(place),
  })
  return {
    rest: {
      step: { kind: 'storageObject', except: [] },
      access: { storageObject: freshText(prefixes) },
      groups: [],
      within: [],
    },
    named: directlyBelow('', prefixes, (longer, shorter) => longer.startsWith(shorter)).map(place),
  }
}

/** Commands are distinguished by the longest list of arguments that they begin with, and by whether they end there. */
function commandsIn(above: Partial<Access>, lists: readonly (readonly string[])[]): Group {
  const fresh = freshText(lists.flat())
  const exactly = (args: readonly string[]): Place => ({
    step: { kind: 'command', is: args },
    access: { ...above, command: args },
    groups: [],
    within: [],
  })
  const beginning = (args: readonly string[]): Place => ({
    step: { kind: 'command', beginsWith: args },
    access: { ...above, command: [...args, fresh] },
    groups: [],
    within: [exactly(args), ...directlyBelow(args, lists, beginsWith).map(beginning)],
  })
  return {
    rest: { step: { kind: 'command', except: [] }, access: { ...above, command: [fresh] }, groups: [], within: [] },
    named: [exactly([]), ...directlyBelow([], lists, beginsWith).map(beginning)],
  }
}

function beginsWith(longer: readonly string[], shorter: readonly string[]): boolean {
  return longer.length >= shorter.length && shorter.every((text, i) => text === longer[i])
}

/** Those that begin with `prefix`, are longer, and begin with no other of that kind. */
function directlyBelow<T extends string | readonly string[]>(
  prefix: T,
  all: readonly T[],
  begins: (longer: T, shorter: T) => boolean,
): readonly T[] {
  const below = all.filter((each) => each.length > prefix.length && begins(each, prefix))
  return below.filter((each) => !below.some((other) => other.length < each.length && begins(each, other)))
}

interface Survey {
  readonly apps: Set<bigint>
  readonly features: Set<string>
  readonly machines: Set<string>
  readonly volumes: Set<string>
  readonly appFeatures: Set<string>
  readonly machineFeatures: Set<string>
  readonly clusters: Set<string>
  readonly prefixes: readonly string[]
  readonly commands: readonly (readonly string[])[]
}

function survey(flat: readonly Caveat[]): Survey {
  const apps = new Set<bigint>()
  const texts = { features: new Set<string>(), machines: new Set<string>(), volumes: new Set<string>() }
  const inner = { appFeatures: new Set<string>(), machineFeatures: new Set<string>(), clusters: new Set<string>() }
  const prefixes = new Set<string>()
  const commands = new Map<string, readonly string[]>()
  for (const caveat of flat) {
    if (caveat.type === 'Apps') addAll(apps, caveat.apps)
    else if (caveat.type === 'FeatureSet') addAll(texts.features, caveat.features)
    else if (caveat.type === 'Machines') addAll(texts.machines, caveat.machines)
    else if (caveat.type === 'Volumes') addAll(texts.volumes, caveat.volumes)
    else if (caveat.type === 'AppFeatureSet') addAll(inner.appFeatures, caveat.features)
    else if (caveat.type === 'MachineFeatureSet') addAll(inner.machineFeatures, caveat.features)
    else if (caveat.type === 'Clusters') addAll(inner.clusters, caveat.clusters)
    else if (caveat.type === 'StorageObjects') addAll(prefixes, caveat.prefixes)
    else if (caveat.type === 'Commands') {
      for (const { args } of caveat.commands ?? []) commands.set(JSON.stringify(args ?? []), args ?? [])
    }
  }
  prefixes.delete('')
  return { apps, ...texts, ...inner, prefixes: [...prefixes], commands: [...commands.values()] }
}

function addAll<Id extends bigint | string>(into: Set<Id>, set: ResourceSet<Id>): void {
  for (const id of set?.keys() ?? []) into.add(id)
}

/** A number that is not among these, and not 0. */
function freshNumber(taken: ReadonlySet<bigint>): bigint {
  let number = 1n
  while (taken.has(number)) number += 1n
  return number
}

/** A text that is not among these, and that begins with none of them but ''. */
function freshText(taken: Iterable<string>): string {
  const firsts = new Set([...taken].map((text) => text.charCodeAt(0)))
  let code = 0x61
  while (firsts.has(code)) code += 1
  return String.fromCharCode(code)
}
