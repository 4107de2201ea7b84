/** Explaining: what do these caveats allow, in sentences for people? Found out by clearing, so that it says what clear does. */

import { badArgument, expectFields } from './boundary.ts'
import type { Caveat, Network } from './caveat.ts'
import { settle } from './caveat-set.ts'
import { effectiveEnd } from './caveats/validity-window.ts'
import { isTime } from './discharge-access.ts'
import { type Circumstances, findScopes, isTooMuch, type Scope } from './explain/abilities.ts'
import { type AccessTable, sayTable, tabulate } from './explain/ability-words.ts'
import { sayCaveat } from './explain/caveat-words.ts'
import { flatten } from './explain/places.ts'
import { type Names, sayInstant, sayList, sayNetworks, sayText } from './explain/words.ts'
import { sayRunLabels } from './label-words.ts'
import { formatAddress, intersect } from './network.ts'
import { flyVocabulary } from './vocabulary.ts'

export type { AccessRow, AccessTable } from './explain/ability-words.ts'
export type { Ability, Scope, Selection } from './explain/abilities.ts'
export type { PlaceId, PlaceKind, Step } from './explain/places.ts'
export type { Names } from './explain/words.ts'
export { sayRunLabels } from './label-words.ts'

export interface ExplainOptions {
  /** Unix seconds. */
  readonly now: number | bigint
  /** Names to show beside the numbers that caveats carry. */
  readonly names?: Names
}

/** What a set of caveats comes to, provided that the token is genuine, live, and brings the discharges that it needs. */
export interface Explanation {
  /** The whole, for people. */
  readonly sentences: readonly string[]
  /** What is allowed from now on, as tables; empty where that is nothing, or too much. */
  readonly tables: readonly AccessTable[]
  /** The sentences that say more than the tables do: all of them where there is no table. */
  readonly conditions: readonly string[]
  /** Why nothing at all is allowed, from now on; undefined where something is. */
  readonly nothing: string | undefined
  /** What is allowed from now on, or from `begins` on; undefined where the caveats name too much to be looked through. */
  readonly scopes: readonly Scope[] | undefined
  /** Unix seconds; undefined where there is no beginning, or no end. */
  readonly begins: bigint | undefined
  readonly ends: bigint | undefined
  /** Locations of the third parties whose discharges it needs. */
  readonly needs: readonly string[]
  /** What each caveat demands, in their order. */
  readonly caveats: readonly string[]
}

/**
 * Explains the caveats of one token. Third-party caveats and bindings at the top are taken as answered: verifying a token
 * does that; `needs` names them. Attestations forbid nothing, as in `clear`.
 */
export function explain(given: readonly Caveat[], options: ExplainOptions): Explanation {
  const { now, names = {} } = expectFields(options, 'options')
  if (!isTime(now)) throw badArgument('now', 'the time, in Unix seconds')
  for (const [name, map] of Object.entries(expectFields(names, 'names'))) {
    if (!(map === undefined || map instanceof Map)) throw badArgument(`names.${name}`, 'a Map')
  }
  const caveats = settle(given, flyVocabulary)
  const judged = caveats.filter((caveat) => !isAnsweredElsewhere(caveat) && !isAttestation(caveat))
  const flat = flatten(judged)
  const { begins, ends } = windowOf(flat)
  const scopes = judged.length === 0 ? [] : scopesOf(judged, flat, now)
  const nothing = scopes?.length === 0 ? whyNothing(judged, names, now) : undefined
  const needs = [...new Set(caveats.flatMap((caveat) => (caveat.type === '3P' ? [caveat.location] : [])))]
  const said = caveats.map((caveat) => sayCaveat(caveat, names, now))
  const tables = nothing === undefined ? (scopes ?? []).map((scope) => tabulate(scope, names)) : []
  const conditions = [
    ...(nothing === undefined ? [] : [`It allows nothing: ${nothing}.`]),
    ...(nothing === undefined && scopes === undefined ? sayTooMuch(said) : []),
    ...(nothing === undefined ? sayConditions(flat, now) : []),
    ...(nothing === undefined ? sayWindow(begins, ends, now) : []),
    ...(flat.some(({ type }) => type === 'Organization') || judged.length === 0
      ? []
      : ['No caveat names an organization, and an authority refuses such a token.']),
    ...sayHolder(caveats),
    ...sayLabels(caveats),
    ...(needs.length === 0 ? [] : [`It needs a discharge from ${sayList(needs.map(sayText))}.`]),
    ...(caveats.some(({ type }) => type === 'BindToParentToken')
      ? ['It counts only together with the token that it was made for.']
      : []),
  ]
  return {
    sentences: [...tables.flatMap(sayTable), ...conditions],
    tables,
    conditions,
    nothing,
    scopes,
    begins,
    ends,
    needs,
    caveats: said,
  }
}

function isAnsweredElsewhere({ type }: Caveat): boolean {
  return type === '3P' || type === 'BindToParentToken'
}

function isAttestation({ type }: Caveat): boolean {
  return type === 'FlyioUserID' || type === 'GitHubUserID' || type === 'GoogleUserID'
}

function scopesOf(
  judged: readonly Caveat[],
  flat: readonly Caveat[],
  now: number | bigint,
): readonly Scope[] | undefined {
  return isTooMuch(judged) ? undefined : findScopes(judged, circumstancesOf(flat, now))
}

/** The circumstances in which most is allowed: windows and sources hold wherever they stand, also inside IfPresent. */
function circumstancesOf(flat: readonly Caveat[], now: number | bigint): Circumstances {
  const { begins } = windowOf(flat)
  const machines = flat.flatMap((caveat) => {
    if (caveat.type === 'FromMachineSource') return [caveat.id]
    return caveat.type === 'FlySrc' && caveat.instance !== '' ? [caveat.instance] : []
  })
  const sources = flat.filter((caveat) => caveat.type === 'FlySrc')
  const common = networksIn(flat)
  return {
    now: begins !== undefined && begins > now ? begins : now,
    sourceMachine: machines[0],
    sourceApp: sources.find(({ app }) => app !== '')?.app,
    sourceOrganization: sources.find(({ organization }) => organization !== '')?.organization,
    sourceAddress: common?.[0] && formatAddress(common[0].address),
  }
}

/** The networks that every caveat about them allows, wherever it stands; undefined where there is none. */
function networksIn(flat: readonly Caveat[]): readonly Network[] | undefined {
  return flat
    .flatMap((caveat) => (caveat.type === 'Networks' ? [caveat.networks] : []))
    .reduce<readonly Network[] | undefined>((all, some) => (all === undefined ? some : intersect(all, some)), undefined)
}

function windowOf(flat: readonly Caveat[]): { readonly begins: bigint | undefined; readonly ends: bigint | undefined } {
  const windows = flat.filter((caveat) => caveat.type === 'ValidityWindow')
  const begins = windows.map(({ notBefore }) => notBefore)
  return {
    begins: begins.reduce<bigint | undefined>(
      (most, each) => (most === undefined || each > most ? each : most),
      undefined,
    ),
    ends: windows
      .map(effectiveEnd)
      .reduce<bigint | undefined>((least, each) => (least === undefined || each < least ? each : least), undefined),
  }
}

/** One caveat that forbids everything by itself, else a few that contradict each other. */
function whyNothing(judged: readonly Caveat[], names: Names, now: number | bigint): string {
  if (judged.length === 0) return 'it has no caveat that limits it, and such a token is refused'
  const say = (caveat: Caveat) => sayCaveat(caveat, names, now)
  const isNothing = (some: readonly Caveat[]) => some.length > 0 && scopesOf(some, flatten(some), now)?.length === 0
  const alone = judged.find((caveat) => isNothing([caveat]))
  if (alone?.type === 'ValidityWindow') return `it ended at ${sayInstant(effectiveEnd(alone), now)}`
  if (alone !== undefined) return say(alone)
  let core = judged
  if (!isTooMuch(judged, judged.length / 4)) {
    for (const caveat of judged) {
      const fewer = core.filter((each) => each !== caveat)
      if (isNothing(fewer)) core = fewer
    }
  }
  return `its caveats contradict each other (${core.map(say).join('; ')})`
}

function sayTooMuch(said: readonly string[]): readonly string[] {
  return ['It names too much to be put together here; all of this holds at once:', ...said.map((each) => `${each}.`)]
}

function sayConditions(flat: readonly Caveat[], now: number | bigint): string[] {
  const { sourceMachine, sourceApp, sourceOrganization } = circumstancesOf(flat, now)
  const sources = [
    ...(sourceMachine === undefined ? [] : [`machine ${sayText(sourceMachine)}`]),
    ...(sourceApp === undefined ? [] : [`app ${sayText(sourceApp)}`]),
    ...(sourceOrganization === undefined ? [] : [`organization ${sayText(sourceOrganization)}`]),
  ]
  const networks = networksIn(flat)
  return [
    ...(sources.length === 0 ? [] : [`It may be used only from ${sayList(sources)}.`]),
    ...(networks === undefined ? [] : [`It may be used only from ${sayNetworks(networks)}.`]),
  ]
}

function sayWindow(begins: bigint | undefined, ends: bigint | undefined, now: number | bigint): string[] {
  const begun = begins === undefined || begins <= now
  return [
    ...(begun ? [] : [`It begins at ${sayInstant(begins, now)}, and allows nothing before.`]),
    ends === undefined ? 'It has no end.' : `It ends at ${sayInstant(ends, now)}.`,
  ]
}

function sayHolder(caveats: readonly Caveat[]): string[] {
  const holders = caveats.flatMap((caveat) => {
    if (caveat.type === 'IsUser' || caveat.type === 'FlyioUserID') return [`user ${caveat.id}`]
    if (caveat.type === 'GitHubUserID') return [`GitHub user ${caveat.id}`]
    return caveat.type === 'GoogleUserID' ? [`Google user ${caveat.id}`] : []
  })
  return holders.length === 0 ? [] : [`It says that it acts for ${sayList(holders)}.`]
}

/** Those inside IfPresent do not count. */
function sayLabels(caveats: readonly Caveat[]): string[] {
  const labels = caveats.filter((caveat) => caveat.type === 'RunLabel')
  return labels.length === 0 ? [] : [`Its holders labelled it: ${sayRunLabels(labels)}.`]
}
