/** Abilities as sentences: what may be done to what, the lines with the same actions put together. */

import { type Action, actions, describeAction } from '../action.ts'
import type { Ability, Scope } from './abilities.ts'
import type { PlaceId, PlaceKind, Step } from './places.ts'
import { type Names, sayArgs, sayList, sayNumber, sayPlural, saySelection, sayText } from './words.ts'

/** What is allowed in a scope, for a table: one line for each kind of thing. */
export interface AccessTable {
  /** `In organization "Acme" (7)`. */
  readonly where: string
  /** Those that allow most first. */
  readonly rows: readonly AccessRow[]
  /** Sentences on how to read it. */
  readonly notes: readonly string[]
}

export interface AccessRow {
  readonly what: string
  readonly actions: Action
}

export function tabulate(scope: Scope, names: Names): AccessTable {
  const [root] = scope.abilities
  const told = scope.abilities.filter((ability) => isWorthTelling(ability, scope.abilities))
  const masks = [...new Set(told.map((ability) => ability.actions))].sort(
    (a, b) => countBits(b) - countBits(a) || a - b,
  )
  return {
    where: `In ${saySelection('organization', scope.organizations, (id) => sayNumber(id, names.organizations))}${sayMutations(scope)}`,
    rows: masks.flatMap((mask) => {
      const same = told.filter((ability) => ability.actions === mask)
      return listTargets(same, told, names).map((what) => ({ what, actions: mask }))
    }),
    notes: notesOn(root, told),
  }
}

/** One sentence on where, then one for each set of actions, the ones that allow most first. */
export function sayTable({ where, rows, notes }: AccessTable): string[] {
  return [
    `${where}:`,
    ...[...new Set(rows.map((row) => row.actions))].map((mask) => {
      const same = rows.filter((row) => row.actions === mask)
      const targets = same.map(({ what }) => what).join('; ')
      return `It may ${mask === actions.none ? 'do nothing to' : describeAction(mask)}: ${targets}.`
    }),
    ...notes,
  ]
}

function notesOn(root: Ability | undefined, told: readonly Ability[]): string[] {
  return [
    ...(root?.actions === actions.none ? ['It may do nothing else there.'] : []),
    ...(told.some(({ on }) => told.some((other) => isAround(other, on)))
      ? ['Where two of these lines fit, the more particular one counts.']
      : []),
  ]
}

function sayMutations({ mutations: { without, named } }: Scope): string {
  const which = saySelection('GraphQL mutation', named, sayText)
  if (!without) return `, only as ${which}`
  if ('only' in named) return named.only.length === 0 ? ', except as a GraphQL mutation' : `, also as ${which}`
  return named.except.length === 0 ? '' : `, also as ${which}`
}

/** That nothing may be done is worth a line only where something could be, but for that line. */
function isWorthTelling(ability: Ability, all: readonly Ability[]): boolean {
  if (ability.actions !== actions.none) return true
  const around = all.filter((other) => other !== ability && isAround(other, ability.on))
  return around.length > 0 && around.at(-1)?.actions !== actions.none
}

/** Whether what `on` leads to is a part of what the ability is about. */
function isAround(ability: Ability, on: readonly Step[]): boolean {
  const last = ability.on.at(-1)
  if (isInside(on, ability.on)) return true
  const own = on[ability.on.length - 1]
  if (last === undefined || own === undefined || last === own || !('beginsWith' in last)) return false
  if (last.kind !== own.kind || 'except' in own) return false
  const id = 'is' in own ? own.is : own.beginsWith
  if (typeof id === 'bigint') return false
  return id.length >= last.beginsWith.length && beginsWith(id, last.beginsWith)
}

function beginsWith(id: string | readonly string[], beginning: string | readonly string[]): boolean {
  if (typeof id === 'string') return typeof beginning === 'string' && id.startsWith(beginning)
  return typeof beginning !== 'string' && beginning.every((text, i) => text === id[i])
}

const nouns: Readonly<Record<PlaceKind, string>> = {
  app: 'app',
  feature: 'feature',
  storageObject: 'storage object',
  machine: 'machine',
  volume: 'volume',
  appFeature: 'app feature',
  command: 'command',
  machineFeature: 'machine feature',
  cluster: 'LiteFS cluster',
}

/** The targets of abilities with the same actions: siblings of one kind in one list. */
function listTargets(same: readonly Ability[], all: readonly Ability[], names: Names): string[] {
  const families = new Map<string, Ability[]>()
  for (const ability of same) {
    const last = ability.on.at(-1)
    const sort = last === undefined ? '' : `${last.kind} ${Object.keys(last).join()}`
    const family = `${sayWay(ability.on.slice(0, -1), names)} / ${sort}`
    families.set(family, [...(families.get(family) ?? []), ability])
  }
  return [...families.values()].map((family) => sayFamily(family, all, names))
}

function sayFamily(family: readonly Ability[], all: readonly Ability[], names: Names): string {
  const [first] = family
  const last = first?.on.at(-1)
  if (first === undefined || last === undefined) return 'the organization and everything in it'
  const way = sayWay(first.on.slice(0, -1), names)
  const what = sayPlaces(
    last.kind,
    family.flatMap(({ on }) => on.at(-1) ?? []),
    names,
  )
  const isWhole =
    last.kind === 'app' &&
    first.actions !== actions.none &&
    !family.some(({ on }) => all.some((other) => isInside(other.on, on)))
  const contents = isWhole ? ` and everything in ${family.length === 1 ? 'it' : 'them'}` : ''
  return `${what}${way === '' ? '' : ` of ${way}`}${contents}`
}

/** `machine a of app web (7)`: outermost last. */
function sayWay(steps: readonly Step[], names: Names): string {
  return steps
    .filter(({ kind }) => kind !== 'feature')
    .map((step) => sayPlaces(step.kind, [step], names))
    .reverse()
    .join(' of ')
}

function sayPlaces(kind: PlaceKind, steps: readonly Step[], names: Names): string {
  const noun = nouns[kind]
  const say = (id: PlaceId) => sayId(kind, id, names)
  const exact = steps.flatMap((step) => ('is' in step ? [say(step.is)] : []))
  const beginnings = steps.flatMap((step) => ('beginsWith' in step ? [say(step.beginsWith)] : []))
  const rest = steps.flatMap((step) =>
    'except' in step ? [step.except.length === 0 ? `every ${noun}` : `every other ${noun}`] : [],
  )
  return sayList([
    ...(exact.length === 0 ? [] : [sayPlural(noun, exact)]),
    ...(beginnings.length === 0 ? [] : [`${noun}s that begin with ${sayList(beginnings, 'or')}`]),
    ...rest,
  ])
}

function sayId(kind: PlaceKind, id: PlaceId, names: Names): string {
  if (typeof id === 'bigint') return sayNumber(id, kind === 'app' ? names.apps : undefined)
  return typeof id === 'string' ? sayText(id) : sayArgs(id)
}

function isInside(inner: readonly Step[], outer: readonly Step[]): boolean {
  return inner.length > outer.length && outer.every((step, i) => step === inner[i])
}

function countBits(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length
}
