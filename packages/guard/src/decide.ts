// Decides whether tokens that are known allow an access, as the authority's `authorise` does.
import { actions, clear, type Access } from '@hallpass/macaroon'
import { isInNetwork, parseAddress } from '@hallpass/macaroon/internal'

import { personalAlias, type NamedAccess } from './access.ts'
import type { PresentedToken } from './memory/known-token.ts'
import type { NamedPlace } from './memory/known-names.ts'
import { refuse, VerifiedToken, type Refusal, type Verdict } from './verdict.ts'

/** What the names of an access stand for; undefined for a name that was not given. */
export interface Places {
  readonly organization: NamedPlace | undefined
  readonly app: NamedPlace | undefined
}

/** In a refusal. A token may have hundreds of caveats that forbid, and the first few say enough. */
const mostReasons = 3
const longestSentence = 1000

/** Those that have not ended, or the refusal. `now` in milliseconds since 1970. */
export function living(tokens: readonly PresentedToken[], now: number): readonly PresentedToken[] | Refusal {
  // Nearly always all of them, for which no list is made.
  if (tokens.every((token) => !hasEnded(token, now))) return tokens
  const left = tokens.filter((token) => !hasEnded(token, now))
  return left.length > 0 ? left : refuse('unauthenticated', describeEnd(tokens[0], now))
}

/** The verdict of the first token that allows the access, or of the first token. `now` in milliseconds since 1970. */
export function decide(
  tokens: readonly PresentedToken[],
  { slug, appName, access }: NamedAccess,
  places: Places,
  now: number,
): Verdict {
  const left = living(tokens, now)
  if ('allowed' in left) return left
  const named = slug === personalAlias ? personalOf(left) : places.organization?.organization
  if (slug !== undefined && named === undefined) return refuseName('organization')
  if (appName !== undefined && places.app === undefined) return refuseName('app')
  const organization = named ?? places.app?.organization
  if (organization === undefined) return refuseName('organization')
  const app = places.app?.organization === organization ? (places.app.app ?? undefined) : undefined
  const isElsewhere = appName !== undefined && app === undefined
  const { action, sourceMachine, sourceAddress } = access
  const asked: NamedAccess['access'] = isElsewhere ? { action, sourceMachine, sourceAddress } : access
  // Field by field: Node.js 20 is slow to spread an object, which made a verdict take four times as long.
  const attempt: Access = {
    action,
    now: now / 1000,
    orgId: BigInt(organization),
    appId: app === undefined ? undefined : BigInt(app),
    feature: asked.feature,
    appFeature: asked.appFeature,
    volume: asked.volume,
    machine: asked.machine,
    machineFeature: asked.machineFeature,
    command: asked.command,
    mutation: asked.mutation,
    sourceMachine,
    sourceAddress,
    storageObject: asked.storageObject,
  }
  let first: Refusal | undefined
  for (const token of left) {
    const denial = denialOf(token, attempt)
    if (denial === undefined) {
      // Only for tokens of the organization: others must not find out which organization an app belongs to.
      if (isElsewhere) return refuse('forbidden', 'the app is not one of this organization')
      return { allowed: true, token: new VerifiedToken(token), organization: token.known.organization, app }
    }
    first ??= denial
  }
  return first ?? refuse('forbidden', 'nothing allows this')
}

function personalOf(tokens: readonly PresentedToken[]): number | undefined {
  return tokens.find(({ known }) => known.organization.isPersonal)?.known.organization.id
}

/** Whether an access does nothing but read. */
export function isRead({ access: { action } }: NamedAccess): boolean {
  return action === actions.read
}

function denialOf({ known, verified }: PresentedToken, attempt: Access): Refusal | undefined {
  if (BigInt(known.organization.id) !== attempt.orgId) {
    return refuse('forbidden', `token ${known.id} is not of the organization that this belongs to`)
  }
  if (known.networks.length > 0 && !isFrom(known.networks, attempt.sourceAddress)) {
    const where = 'is not good from here: its organization limits the networks of its tokens'
    return refuse('blocked', `token ${known.id} ${where}`)
  }
  const clearance = clear(verified, [attempt], { denials: mostReasons })
  if (clearance.allowed) return undefined
  const reasons = clearance.denials.map(({ reason }) => `its caveat ${reason}`).join('; ')
  const sentence = `token ${known.id} does not allow this in organization ${known.organization.slug}: ${reasons}`
  return refuse('forbidden', sentence.length > longestSentence ? `${sentence.slice(0, longestSentence)}…` : sentence)
}

function isFrom(networks: PresentedToken['known']['networks'], from: Access['sourceAddress']): boolean {
  const address = typeof from === 'string' ? parseAddress(from) : undefined
  return address !== undefined && networks.some((network) => isInNetwork(address, network))
}

/** It was revoked; or by its row or its caveats, or one of its discharges. */
function hasEnded({ known: { isDead, expiresAt }, endsAt, dischargeEndsAt }: PresentedToken, now: number): boolean {
  return isDead || expiresAt < now || endsAt < now || dischargeEndsAt < now
}

function describeEnd(token: PresentedToken | undefined, now: number): string {
  if (token === undefined) return 'this request carries no token'
  const { known, endsAt } = token
  if (known.isDead) return `token ${known.id} is revoked`
  const end = Math.min(known.expiresAt, endsAt)
  if (end >= now) return `token ${known.id} needs a new discharge: the one that came with it has ended`
  return `token ${known.id} ended at ${new Date(Math.max(end, 0)).toISOString().replace(/\.\d+Z$/, 'Z')}`
}

function refuseName(kind: 'organization' | 'app'): Refusal {
  return refuse('not_found', `there is no ${kind} of this name`)
}
