// trust.add: an organisation trusts what an issuer says of its workloads, from the commit on.
import { actions, expiration, type Caveat } from '@hallpass/macaroon'
import { encodeCaveats } from '@hallpass/macaroon/internal'

import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import {
  IdentityTokenError,
  mostTrustPolicies,
  problemOfClaims,
  type ListedTrustPolicy,
  type RequiredClaims,
} from '../../domain/trust-policy.ts'
import { findApp } from '../apps/find-app.ts'
import type { WriteOperation } from '../perform/operation.ts'
import { expectPerson } from '../perform/personal.ts'
import { accessTrust } from './find-trust-policy.ts'

export interface AddTrustPolicy {
  readonly slug: string
  readonly name: string
  readonly issuer: string
  /** Without it, the public address of the authority, and the organisation. */
  readonly audience: string | undefined
  readonly claims: RequiredClaims
  /** Without it, its tokens are org tokens. */
  readonly appName: string | undefined
  /** Seconds. */
  readonly lifetime: number
  readonly caveats: readonly Caveat[]
}

export interface AddedTrustPolicy {
  readonly policy: ListedTrustPolicy
  /** Why identity tokens of the issuer cannot be checked at this moment; undefined if they can. */
  readonly problem: string | undefined
}

interface TrustSubject {
  readonly organisation: Organisation
  readonly app: { readonly id: number; readonly name: string } | undefined
}

/** The audience of identity tokens for an organisation, where its policy names none. */
function audienceOf(publicUrl: string, { slug }: Pick<Organisation, 'slug'>): string {
  return `${publicUrl}/orgs/${slug}`
}

export const addTrustPolicy: WriteOperation<AddTrustPolicy, TrustSubject, AddedTrustPolicy> = {
  name: 'trust.add',
  mode: 'write',

  async access(context, { slug, appName, name, issuer, claims }) {
    const request = await accessTrust(context, slug, actions.write)
    const organisation = request.subject
    const found = appName === undefined ? undefined : await findApp(context, appName)
    const app = found?.organisation.id === organisation.id ? found.app : undefined
    const wanted = Object.entries(claims).map(([claim, values]) => `${claim} ${values.join(' or ')}`)
    const namedTarget = `trust policy ${name} of ${issuer}: ${wanted.join(', ')}`
    return { ...request, subject: { organisation, app }, target: 'trust policy', namedTarget }
  },

  async run({ tx, environment, now }, { input, subject: { organisation, app }, actor }) {
    expectPerson(actor)
    const { appName, issuer, claims, name, lifetime } = input
    // After authorisation, so that others cannot find out which organisation an app belongs to.
    if (appName !== undefined && app === undefined) {
      throw new DomainError('not_found', `there is no app ${appName} in organization ${organisation.slug}`)
    }
    const problem = problemOfClaims(issuer, claims)
    if (problem !== undefined) throw new DomainError('invalid', `the claims ${problem}`, { field: 'claims' })
    const end = expiration(input.caveats)
    if (end !== undefined && Number(end) * 1000 <= now) {
      throw new DomainError('invalid', 'the caveats end the tokens before they are given', { field: 'caveats' })
    }
    if (organisation.membershipDischarge !== 'none') {
      const why = 'demands of its tokens that a person is a member, and nobody is behind those of a trust policy'
      throw new DomainError('conflict', `organization ${organisation.slug} ${why}`)
    }
    const others = await tx.trustPolicies.ofOrganisation(organisation.id)
    if (others.length >= mostTrustPolicies) {
      const why = `has ${mostTrustPolicies} trust policies, the most that there can be: remove one first`
      throw new DomainError('conflict', `organization ${organisation.slug} ${why}`)
    }
    const policy = {
      id: newId(environment.randomBytes(16)),
      organisationId: organisation.id,
      appId: app?.id ?? null,
      name,
      issuer,
      audience: input.audience ?? audienceOf(environment.publicUrl(), organisation),
      claims,
      caveats: encodeCaveats(input.caveats),
      lifetime,
      createdBy: actor.user.id,
      createdAt: now,
    }
    await tx.trustPolicies.insert(policy)
    const { email, emailProvenAt } = actor.user
    const names = { createdByEmail: email, createdByProvenAt: emailProvenAt, appName: app?.name ?? null }
    return { policy: { ...policy, ...names }, problem: undefined }
  },

  // Only now, so that nobody else makes the authority ask an address; and an issuer may come up later.
  async afterCommit({ environment }, output) {
    const { issuer, organisationId } = output.policy
    try {
      await environment.identityTokens.examine(issuer, String(organisationId))
      return output
    } catch (error) {
      if (error instanceof IdentityTokenError) return { ...output, problem: error.message }
      throw error
    }
  },
}

/** A UUID of version 4 (RFC 9562 §5.4). */
function newId(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex')
  const variant = (8 + (Number.parseInt(hex[16] ?? '0', 16) % 4)).toString(16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20)}`
}
