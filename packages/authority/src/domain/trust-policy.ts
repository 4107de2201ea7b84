// Trust policies: which identity tokens of a CI service an organisation exchanges for short-lived tokens of its own.
import { DomainError } from './errors.ts'
import type { Secret } from './secret.ts'
import { shorten } from './shorten.ts'
import type { Profile } from './token.ts'

/** The values that a claim may have; one that ends with `*` stands for all that begin so. */
export type RequiredClaims = Readonly<Record<string, readonly string[]>>

export interface TrustPolicy {
  /** A UUID of version 4. Tokens name it as their minter, so revoking its descendants revokes them. */
  readonly id: string
  readonly organisationId: number
  /** The app of the deploy tokens that it gives; null if it gives org tokens. */
  readonly appId: number | null
  readonly name: string
  /** As identity tokens write it: `https://token.actions.githubusercontent.com`. */
  readonly issuer: string
  readonly audience: string
  readonly claims: RequiredClaims
  /** More caveats of its tokens, as on the wire. */
  readonly caveats: Uint8Array
  /** Seconds for which its tokens are good. */
  readonly lifetime: number
  readonly createdBy: number | null
  /** Milliseconds. */
  readonly createdAt: number
}

/** With the names for a list. */
export interface ListedTrustPolicy extends TrustPolicy {
  readonly createdByEmail: string | null
  readonly createdByProvenAt: number | null
  readonly appName: string | null
}

/** The kind of token that a policy gives. */
export function profileOf({ appId }: Pick<TrustPolicy, 'appId'>): Profile {
  return appId === null ? 'deploy_organization' : 'deploy'
}

/** Whether the minter of a token is a trust policy: ids of tokens are UUIDs of version 5. */
export function isTrustPolicyId(id: string): boolean {
  return id[14] === '4'
}

/** For each organisation. */
export const mostTrustPolicies = 100

export type Claims = Readonly<Record<string, unknown>>

/** An identity token whose signature and times are good. */
export interface IdentityToken {
  readonly issuer: string
  readonly claims: Claims
  /** SHA-256 of the issuer and the token's `jti`, or of what was signed if it has none. */
  readonly hash: Uint8Array
  /** Milliseconds; the leeway for clocks is included. */
  readonly endsAt: number
}

export interface IdentityTokenVerifier {
  /**
   * The issuer that the token names, unchecked.
   * @throws IdentityTokenError
   */
  issuerOf(token: Secret): string
  /**
   * Checks the signature with the keys of the issuer, and the times. `lane`: in whose name the issuer is asked.
   * @throws IdentityTokenError
   */
  verify(token: Secret, issuer: string, lane: string): Promise<IdentityToken>
  /**
   * Checks that the issuer is one: its address is allowed, and it publishes keys.
   * @throws IdentityTokenError
   */
  examine(issuer: string, lane: string): Promise<void>
}

/** An identity token is not good, or its issuer cannot be asked. The sentence is for admins. */
export class IdentityTokenError extends DomainError {
  /** Whether the issuer did not answer, so that another try may succeed. */
  readonly isPassing: boolean

  constructor(sentence: string, options: { readonly cause?: unknown; readonly isPassing?: boolean } = {}) {
    super('unauthenticated', sentence, options)
    this.isPassing = options.isPassing ?? false
  }
}

/** A claim of an identity token that a policy does not accept. */
export interface Miss {
  readonly claim: string
  readonly wanted: readonly string[]
  /** Undefined if the token has no such claim. */
  readonly found: string | undefined
}

/** The claims that do not fit; none if the policy accepts the token. */
export function missesOf(
  { audience, claims: required, issuer }: Pick<TrustPolicy, 'audience' | 'claims' | 'issuer'>,
  claims: Claims,
): readonly Miss[] {
  const misses = Object.entries(required).flatMap(([claim, values]) => {
    const found = claim === 'sub' ? subjectsOf(issuer, claims) : textsOf(own(claims, claim))
    return found.some((text) => values.some((value) => fits(value, text))) ? [] : [missOf(claim, values, found)]
  })
  const audiences = textsOf(own(claims, 'aud'))
  if (!audiences.includes(audience)) misses.unshift(missOf('aud', [audience], audiences))
  const named = own(required, 'event_name') ?? []
  for (const event of textsOf(own(claims, 'event_name'))) {
    if (!foreignEvents.has(event) || named.includes(event)) continue
    misses.push({ claim: 'event_name', wanted: ['an event that the policy names'], found: event })
  }
  return misses
}

function missOf(claim: string, wanted: readonly string[], found: readonly string[]): Miss {
  return { claim, wanted, found: found[0] === undefined ? undefined : shorten(found.join(', ')) }
}

/** What others start with their code, beside the secrets of the repository: a policy must name these. */
const foreignEvents: ReadonlySet<string> = new Set(['pull_request_target', 'workflow_run'])

/** The sentence for admins. */
export function describeMisses(misses: readonly Miss[]): string {
  const parts = misses.map(({ claim, wanted, found }) => {
    const has = found === undefined ? 'is missing' : `is ${found}`
    return `${claim} ${has}, and not ${wanted.join(' or ')}`
  })
  return shorten(parts.join('; '))
}

/**
 * Why a policy with these claims would trust more than it says; undefined if it would not.
 * Without a claim that says whose workload it is, everybody at the issuer is trusted; and a name may be somebody else's tomorrow.
 */
export function problemOfClaims(issuer: string, required: RequiredClaims): string | undefined {
  const service = serviceOf(issuer)
  const ids = service?.ids ?? services.flatMap((each) => each.ids)
  const isExact = (values: readonly string[] | undefined) => values?.every((value) => !value.endsWith('*')) === true
  if (ids.some((id) => isExact(own(required, id)))) return undefined
  const subjects = own(required, 'sub')
  // A GitLab of one's own writes the path of the project.
  const isLasting = (subject: string) => service?.isLasting(subject) ?? !subject.startsWith('project_path:')
  if (isExact(subjects) && subjects?.every(isLasting) === true) return undefined
  const subject = service === undefined ? 'sub, or ' : service.subject
  const of = service === undefined ? 'a claim with an id, such as repository_id' : service.ids.join(' or ')
  return `name no subject that stays the same: give ${subject}${of}`
}

interface Service {
  readonly name: string
  readonly issuer: RegExp
  /** Claims that are never given to another. */
  readonly ids: readonly string[]
  /** How a sentence names a subject that lasts. */
  readonly subject: string
  /** Whether a subject has ids. */
  readonly isLasting: (subject: string) => boolean
  readonly describe: (text: (claim: string) => string) => string
}

// repo:OWNER@ID/NAME@ID:… since 2026-07-15, and repo:OWNER/NAME:… before (GitHub changelog of 2026-04-23).
const githubSubject = /^repo:([^@/:]+)(?:@(\d+))?\/([^@/:]+)(?:@(\d+))?(?=:)/

const services: readonly Service[] = [
  {
    name: 'GitHub Actions',
    issuer:
      /^https?:\/\/(?:token\.actions\.githubusercontent\.com|token\.actions\.[a-z0-9-]+\.ghe\.com|[^/]+\/_services\/token)(?:\/[\w-]+)?$/,
    ids: ['repository_id', 'repository_owner_id', 'enterprise_id'],
    subject: 'sub with ids (repo:OWNER@ID/NAME@ID:…), or ',
    isLasting: (subject) => {
      const [, , owner, , repository] = githubSubject.exec(subject) ?? []
      return owner !== undefined && repository !== undefined
    },
    describe: (text) => `${text('repository')} run ${text('run_id')} at ${text('sha').slice(0, 12)}`,
  },
  {
    name: 'GitLab',
    issuer: /^https:\/\/gitlab\.com$/,
    ids: ['project_id', 'namespace_id'],
    subject: '',
    isLasting: () => false,
    describe: (text) => `${text('project_path')} job ${text('job_id')} at ${text('sha').slice(0, 12)}`,
  },
  {
    name: 'Buildkite',
    issuer: /^https:\/\/agent\.buildkite\.com$/,
    ids: ['pipeline_id', 'organization_id'],
    subject: '',
    isLasting: () => false,
    describe: (text) =>
      `${text('organization_slug')}/${text('pipeline_slug')} build ${text('build_number')} at ${text('build_commit').slice(0, 12)}`,
  },
]

function serviceOf(issuer: string): Service | undefined {
  return services.find((service) => service.issuer.test(issuer))
}

/**
 * What ran, in one line for token lists and the audit trail: service, repository, run and commit, as far as they are said.
 * At most 128 characters.
 */
export function describeWorkload({ issuer, claims }: Pick<IdentityToken, 'issuer' | 'claims'>): string {
  const text = (claim: string) => textsOf(own(claims, claim))[0] ?? '?'
  const service = serviceOf(issuer)
  const isKnown = service !== undefined && !service.describe(text).startsWith('?')
  const words = isKnown ? `${service.name}: ${service.describe(text)}` : `${text('sub')} of ${issuer}`
  return words
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, ' ')
    .slice(0, 128)
    .toWellFormed()
}

/** Both forms of GitHub's subject where the token says the ids, so that a policy may name either. */
function subjectsOf(issuer: string, claims: Claims): readonly string[] {
  const given = textsOf(own(claims, 'sub'))
  const [subject] = given
  const parts = subject === undefined ? undefined : githubSubject.exec(subject)
  if (subject === undefined || parts == null || serviceOf(issuer)?.name !== 'GitHub Actions') return given
  const [prefix, owner = '', ownerIdOfSubject, name = '', idOfSubject] = parts
  const rest = subject.slice(prefix.length)
  const ownerId = ownerIdOfSubject ?? textsOf(own(claims, 'repository_owner_id'))[0]
  const id = idOfSubject ?? textsOf(own(claims, 'repository_id'))[0]
  const withIds = ownerId === undefined || id === undefined ? [] : [`repo:${owner}@${ownerId}/${name}@${id}${rest}`]
  return [...new Set([subject, `repo:${owner}/${name}${rest}`, ...withIds])]
}

function fits(value: string, text: string): boolean {
  return value.endsWith('*') ? text.startsWith(value.slice(0, -1)) : text === value
}

/** A claim as texts: one for each element of a list. What has no text is none, as a number that JSON may have rounded. */
function textsOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value]
  if (typeof value === 'boolean' || Number.isSafeInteger(value)) return [String(value)]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
