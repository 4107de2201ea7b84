/** What caveats allow, place by place: found out by clearing, and shortened to the lines that differ from each other. */

import type { Access } from '../access.ts'
import { type Action, actions } from '../action.ts'
import type { Caveat } from '../caveat.ts'
import { clearAll } from '../clear.ts'
import { flyVocabulary } from '../vocabulary.ts'
import {
  countPlaces,
  flatten,
  type Group,
  namedMutations,
  namedOrganizations,
  type Place,
  type PlaceId,
  placesIn,
  type Step,
} from './places.ts'

/** What may be done to one resource and to everything in it for which there is no more particular ability. */
export interface Ability {
  /** The way to the resource; empty for the organisation itself. */
  readonly on: readonly Step[]
  readonly actions: Action
}

/** These, or all but these. */
export type Selection<Id> = { readonly only: readonly Id[] } | { readonly except: readonly Id[] }

/** Organisations and mutations for which the same holds. */
export interface Scope {
  readonly organizations: Selection<bigint>
  /** Whether it holds for what is no GraphQL mutation, and for which mutations. */
  readonly mutations: { readonly without: boolean; readonly named: Selection<string> }
  readonly abilities: readonly Ability[]
}

/** From where an access comes, and when. */
export type Circumstances = Pick<Access, 'now' | 'sourceMachine' | 'sourceApp' | 'sourceOrganization' | 'sourceAddress'>

/** Whether the caveats name so much that it would take too long to look at every combination so many times. */
export function isTooMuch(caveats: readonly Caveat[], times = 1): boolean {
  const flat = flatten(caveats)
  const rounds = (namedOrganizations(flat).named.length + 1) * ((namedMutations(flat)?.named.length ?? 0) + 2)
  return times * rounds * countPlaces(flat) * flat.reduce((work, caveat) => work + effortOf(caveat), 0) > mostWork
}

/** What the caveats allow in these circumstances; empty where that is nothing. */
export function findScopes(caveats: readonly Caveat[], circumstances: Circumstances): readonly Scope[] {
  const flat = flatten(caveats)
  const root = placesIn(flat)
  const organizations = namedOrganizations(flat)
  const mutations = namedMutations(flat)

  const abilitiesOf = (orgId: bigint, mutation: string | undefined): readonly Ability[] => {
    const judged = judge(root, (access) => allowedActions(caveats, { ...circumstances, ...access, orgId, mutation }))
    return listed(simplify(judged))
  }
  const byMutation = (orgId: bigint): Found<Scope['mutations']>[] => {
    const without = abilitiesOf(orgId, undefined)
    if (mutations === undefined) return [{ id: { without: true, named: { except: [] } }, abilities: without }]
    const merged = merge(
      mutations.named.map((id) => ({ id, abilities: abilitiesOf(orgId, id) })),
      abilitiesOf(orgId, mutations.other),
    )
    const same = merged.find(({ abilities }) => isSame(abilities, without))
    return [
      ...(same === undefined ? [{ id: { without: true, named: { only: [] } }, abilities: without }] : []),
      ...merged.map(({ id, abilities }) => ({ id: { without: isSame(abilities, without), named: id }, abilities })),
    ]
  }

  const perOrganization = organizations.named.map((id) => ({ id, abilities: byMutation(id) }))
  return merge(perOrganization, byMutation(organizations.other)).flatMap(({ id, abilities }) =>
    abilities
      .filter((found) => found.abilities.some((ability) => ability.actions !== actions.none))
      .map((found) => ({ organizations: id, mutations: found.id, abilities: found.abilities })),
  )
}

interface Found<Id> {
  readonly id: Id
  readonly abilities: readonly Ability[]
}

interface Judged {
  readonly step: Step | undefined
  readonly actions: Action
  readonly groups: readonly { readonly rest: Judged; readonly named: readonly Judged[] }[]
  readonly within: readonly Judged[]
}

/** A line, and the more particular lines that differ from it. */
interface Line {
  readonly step: Step | undefined
  readonly actions: Action
  readonly inside: readonly Line[]
  readonly within: readonly Line[]
}

/** About as many evaluations of one caveat: a fraction of a second. */
const mostWork = 200_000

const named = [actions.read, actions.write, actions.create, actions.delete, actions.control]

/** Of the five actions, those that are allowed; each stands for itself, because masks are held against bit by bit. */
function allowedActions(caveats: readonly Caveat[], access: Omit<Access, 'action'>): Action {
  const isAllowed = (action: Action) => clearAll(caveats, [{ ...access, action }], flyVocabulary, () => caveats).allowed
  if (!isAllowed(actions.none)) return actions.none
  if (isAllowed(actions.all)) return actions.all
  return named.filter(isAllowed).reduce<Action>((all, action) => all | action, actions.none)
}

/** How long it takes to hold a caveat against an access: what is a list is looked through from the beginning. */
function effortOf(caveat: Caveat): number {
  if (caveat.type === 'StorageObjects') return 1 + (caveat.prefixes?.size ?? 0) / 8
  if (caveat.type === 'Commands') return 1 + (caveat.commands?.length ?? 0) / 8
  if (caveat.type === 'Networks') return 1 + caveat.networks.length / 8
  return caveat.type === 'Mutations' ? 1 + (caveat.mutations?.length ?? 0) / 8 : 1
}

function judge(place: Place, allowed: (access: Partial<Access>) => Action): Judged {
  const judgeGroup = ({ rest, named: others }: Group) => ({
    rest: judge(rest, allowed),
    named: others.map((each) => judge(each, allowed)),
  })
  return {
    step: place.step,
    actions: allowed(place.access),
    groups: place.groups.map(judgeGroup),
    within: place.within.map((each) => judge(each, allowed)),
  }
}

function simplify(judged: Judged): Line {
  return {
    step: judged.step,
    actions: judged.actions,
    inside: judged.groups.flatMap((group) => simplifyGroup(group, judged.actions)),
    within: judged.within.map(simplify).flatMap((line) => unlessSame(line, judged.actions)),
  }
}

/** Only what differs: named resources from the others of their kind, and these from what they are in. */
function simplifyGroup({ rest, named: others }: Judged['groups'][number], above: Action): Line[] {
  const other = simplify(rest)
  const kept = others.map(simplify).flatMap((line) => {
    if (isSame(contentsOf(line), contentsOf(other))) return []
    // Of a prefix that differs in nothing but its special cases, only these are worth a line.
    return other.inside.length === 0 ? unlessSame(line, other.actions) : [line]
  })
  const step: Step | undefined = other.step && { kind: other.step.kind, except: kept.flatMap(idOf) }
  return other.actions === above && other.inside.length === 0 ? kept : [...kept, { ...other, step }]
}

function unlessSame(line: Line, above: Action): readonly Line[] {
  return line.actions === above && line.inside.length === 0 ? line.within : [line]
}

function idOf({ step }: Line): PlaceId[] {
  if (step === undefined || 'except' in step) return []
  return ['is' in step ? step.is : step.beginsWith]
}

function contentsOf({ actions: mask, inside, within }: Line): unknown {
  return [mask, inside, within]
}

/** The lines as a list, each before those that are more particular. */
function listed(line: Line, above: readonly Step[] = []): Ability[] {
  const on = line.step === undefined ? above : [...above, line.step]
  return [
    { on, actions: line.actions },
    ...line.inside.flatMap((each) => listed(each, on)),
    ...line.within.flatMap((each) => listed(each, above)),
  ]
}

/** Puts together those for which the same holds; `others` holds for all that are not among them. */
function merge<Id, What>(
  found: readonly { readonly id: Id; readonly abilities: What }[],
  others: What,
): { readonly id: Selection<Id>; readonly abilities: What }[] {
  const groups: { ids: Id[]; abilities: What }[] = []
  for (const { id, abilities } of found) {
    if (isSame(abilities, others)) continue
    const group = groups.find((each) => isSame(each.abilities, abilities))
    if (group === undefined) groups.push({ ids: [id], abilities })
    else group.ids.push(id)
  }
  const different = groups.flatMap(({ ids }) => ids)
  return [
    ...groups.map(({ ids, abilities }) => ({ id: { only: ids }, abilities })),
    { id: { except: different }, abilities: others },
  ]
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || fingerprint(a) === fingerprint(b)
}

function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (typeof field === 'bigint' ? `${field}n` : field))
}
