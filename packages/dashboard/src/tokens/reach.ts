// What a token may do, in a few words for a list; its own page says it exactly.
import type { CaveatJson, Token } from '@hallpass/client'

export interface Reach {
  /** `Everything`, `App web-1`, `Read only`. */
  readonly words: string
  /** Its other limits; empty if no more are known. */
  readonly narrowed: readonly string[]
}

type Known = Pick<Token, 'profile' | 'app' | 'caveats' | 'minted_by'>

export function reachOf({ profile, app, caveats, minted_by }: Known): Reach {
  // From before caveats were kept: it may carry those of the token that made it.
  if (caveats === null && minted_by !== null) return { words: 'Not recorded', narrowed: [] }
  const isReading = caveats?.some(allowsReadingOnly) === true
  const own = ownCaveats[profile]
  const added = (caveats ?? []).filter((caveat) => !own.includes(caveat.type) && !allowsReadingOnly(caveat))
  // A deploy token has an IfPresent of its own, the first one.
  const rest = profile === 'deploy' ? withoutFirst(added, 'IfPresent') : added
  const narrowed = [
    ...new Set([
      ...rest.map(({ type, body }) => wordsOfCaveat(type, body)),
      ...rest.flatMap(({ type, body }) => wordsOfMasks(type, body)),
    ]),
  ]
  if (profile === 'deploy') return { words: `${isReading ? 'Read app' : 'App'} ${app ?? '(deleted)'}`, narrowed }
  if (profile === 'litefs_cloud') return { words: 'LiteFS Cloud', narrowed }
  return { words: isReading ? 'Read only' : narrowed.length > 0 ? 'Restricted' : 'Everything', narrowed }
}

const ownCaveats: Readonly<Record<Token['profile'], readonly string[]>> = {
  deploy_organization: ['Organization', 'IsMember', 'ValidityWindow'],
  deploy: ['Organization', 'IsMember', 'ValidityWindow'],
  litefs_cloud: ['Organization', 'IsMember', 'ValidityWindow', 'FeatureSet', 'Clusters'],
}

function allowsReadingOnly({ type, body }: CaveatJson): boolean {
  if (type === 'Action') return body === 'r'
  return type === 'Organization' && typeof body === 'object' && body !== null && 'mask' in body && body.mask === 'r'
}

function withoutFirst(caveats: readonly CaveatJson[], type: string): readonly CaveatJson[] {
  const index = caveats.findIndex((caveat) => caveat.type === type)
  return index === -1 ? caveats : caveats.toSpliced(index, 1)
}

function wordsOfCaveat(type: string, body: unknown): string {
  if (type === 'Apps') return sayCount(body, 'apps', 'app')
  if (type === 'Machines') return sayCount(body, 'machines', 'machine')
  if (type === 'Action' && typeof body === 'string') return `actions ${body}`
  if (type === 'IfPresent' && JSON.stringify(body).includes('"Commands"')) return 'commands'
  return type === '3P' ? 'third party' : 'narrowed'
}

/** What the apps or the machines that are named allow, where all allow the same and it is not everything. */
function wordsOfMasks(type: string, body: unknown): readonly string[] {
  const set = type === 'Apps' ? membersOf(body, 'apps') : type === 'Machines' ? membersOf(body, 'machines') : {}
  const [mask, ...others] = new Set(Object.values(set))
  return typeof mask !== 'string' || others.length > 0 || ['*', 'rwcdC'].includes(mask) ? [] : [`actions ${mask}`]
}

function sayCount(body: unknown, field: string, noun: string): string {
  const size = Object.keys(membersOf(body, field)).length
  return `${size} ${noun}${size === 1 ? '' : 's'}`
}

function membersOf(body: unknown, field: string): Readonly<Record<string, unknown>> {
  const set =
    typeof body === 'object' && body !== null && field in body ? (body as Record<string, unknown>)[field] : null
  return typeof set === 'object' && set !== null ? (set as Record<string, unknown>) : {}
}
