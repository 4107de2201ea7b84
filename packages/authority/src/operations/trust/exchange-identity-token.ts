// trust.exchange: a token for an identity token that a trust policy accepts (RFC 8693).
import { decodeCaveats } from '@hallpass/macaroon/internal'

import { DomainError } from '../../domain/errors.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import type { NewToken } from '../../domain/token.ts'
import {
  describeMisses,
  describeWorkload,
  IdentityTokenError,
  missesOf,
  type IdentityToken,
  type TrustPolicy,
} from '../../domain/trust-policy.ts'
import { StrangerRefused } from '../perform/authorise.ts'
import type { DeclaredLimit } from '../perform/limits.ts'
import type { OpenWrite } from '../perform/operation.ts'
import { mintFor } from '../tokens/mint-under.ts'
import type { TokenScope } from '../tokens/profiles.ts'

export interface ExchangeIdentityToken {
  /** The organisation whose token is wanted. */
  readonly slug: string
  readonly identityToken: Secret
  /** The policy that is meant; without it, the oldest one that accepts the token. */
  readonly policyId: string | undefined
}

export interface Exchanged {
  readonly token: Secret
  readonly record: NewToken
  readonly policy: TrustPolicy
}

/** What is known before the transaction: an identity, or why there is none. */
interface Presentation {
  readonly organisation: Organisation | undefined
  readonly identity: IdentityToken | undefined
  /** For the audit trail of the organisation. */
  readonly refusal: string
  readonly remoteAddress: string
}

const limits: readonly DeclaredLimit<ExchangeIdentityToken>[] = [
  { limit: 'exchangeLimit', by: 'network', what: 'identity tokens' },
]

export const exchangeIdentityToken: OpenWrite<ExchangeIdentityToken, Presentation, Exchanged> = {
  name: 'trust.exchange',
  audience: 'anyone',
  mode: 'write',
  limits,

  async prepare({ environment, caller, read }, { slug, identityToken }) {
    const { identityTokens } = environment
    const { remoteAddress } = caller
    const organisation = await read((tx) => tx.organisations.bySlug(slug))
    const refuse = (refusal: string) => ({ organisation, identity: undefined, refusal, remoteAddress })
    if (organisation === undefined) return refuse('there is no such organization')
    try {
      const issuer = identityTokens.issuerOf(identityToken)
      // An issuer that nobody trusts is not asked for its keys.
      const policies = await read((tx) => tx.trustPolicies.ofIssuer(organisation.id, issuer))
      if (policies.length === 0) return refuse('no trust policy names the issuer of the identity token')
      const identity = await identityTokens.verify(identityToken, issuer, String(organisation.id))
      return { organisation, identity, refusal: '', remoteAddress }
    } catch (error) {
      if (!(error instanceof IdentityTokenError)) throw error
      if (!error.isPassing) return refuse(error.message)
      // Strangers do not learn why.
      const sentence = 'the keys of the issuer cannot be read at this moment'
      throw new DomainError('unavailable', sentence, { cause: error, retryAfter: 10 })
    }
  },

  describeRefused({ organisation, identity, remoteAddress }) {
    const target = identity === undefined ? 'identity token' : `identity token of ${describeWorkload(identity)}`
    const actor = { kind: 'nobody', id: '', label: remoteAddress } as const
    return { actor, target, organisationId: organisation?.id ?? null, owner: 'nobody' }
  },

  async run(context, { input, prepared: { organisation: found, identity, refusal } }) {
    const { tx, now } = context
    if (found === undefined || identity === undefined) throw new StrangerRefused(refusal)
    const organisation = await tx.organisations.byId(found.id)
    if (organisation === undefined) throw new StrangerRefused('the organization is deleted')
    const policy = choosePolicy(await tx.trustPolicies.ofIssuer(organisation.id, identity.issuer), identity, input)
    if (organisation.membershipDischarge !== 'none') {
      throw new StrangerRefused(
        'tokens of this organization need a person who is a member, and nobody is behind this one',
      )
    }
    if (!(await tx.trustPolicies.noteExchange(identity, now))) {
      throw new StrangerRefused('this identity token was exchanged before, and counts once')
    }
    const minter = {
      inherited: { caveats: [], demand: undefined },
      creator: undefined,
      mintedBy: policy.id,
      derivedMinters: [],
      approves: true,
    }
    const minted = mintFor(context, minter, {
      organisation,
      scope: scopeOf(policy),
      appId: policy.appId,
      machineId: null,
      name: describeWorkload(identity),
      lifetime: policy.lifetime,
      caveats: decodeCaveats(policy.caveats),
    })
    return { ...(await minted.catch(refuseAsStranger)), policy }
  },

  auditDetails: ({ record, policy }) => ({
    actor: { kind: 'token', id: record.id, label: record.name },
    target: `trust policy ${policy.name}`,
    organisationId: record.organisationId,
  }),
}

/** The limits of the organisation are for its audit trail. */
function refuseAsStranger(error: unknown): never {
  if (!(error instanceof DomainError) || !['invalid', 'forbidden'].includes(error.code)) throw error
  throw new StrangerRefused(error.message)
}

function choosePolicy(
  policies: readonly TrustPolicy[],
  identity: IdentityToken,
  { policyId }: ExchangeIdentityToken,
): TrustPolicy {
  const asked = policies.filter(({ id }) => policyId === undefined || id === policyId)
  const tried = asked.map((policy) => ({ policy, misses: missesOf(policy, identity.claims) }))
  const chosen = tried.find(({ misses }) => misses.length === 0)
  if (chosen !== undefined) return chosen.policy
  const reasons = tried.map(({ policy, misses }) => `trust policy ${policy.name}: ${describeMisses(misses)}`)
  throw new StrangerRefused(reasons.length === 0 ? 'there is no such trust policy' : reasons.join('. '))
}

function scopeOf({ appId }: TrustPolicy): TokenScope {
  return appId === null ? { profile: 'deploy_organization' } : { profile: 'deploy', appId }
}
