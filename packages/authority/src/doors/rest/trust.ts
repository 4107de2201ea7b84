// The handlers for trust policies.
import { formatDuration, parseDuration, type TrustPolicy } from '@hallpass/client'

import { Secret } from '../../domain/secret.ts'
import { profileOf, type ListedTrustPolicy } from '../../domain/trust-policy.ts'
import { describeRecordedCaveats } from '../../operations/tokens/caveats-json.ts'
import { addTrustPolicy } from '../../operations/trust/add-trust-policy.ts'
import { checkIdentityToken } from '../../operations/trust/check-identity-token.ts'
import { listTrustPolicies } from '../../operations/trust/list-trust-policies.ts'
import { removeTrustPolicy } from '../../operations/trust/remove-trust-policy.ts'
import type { Handlers } from '../http/handler.ts'
import { encodeAll } from '../http/pieces.ts'
import { encodeInstant } from './encode.ts'

type Names = 'listTrustPolicies' | 'addTrustPolicy' | 'removeTrustPolicy' | 'checkIdentityToken'

export const trustHandlers: Handlers<Names> = {
  async listTrustPolicies({ params: { org_slug: slug } }, { perform, pause }) {
    return { trust_policies: await encodeAll(await perform(listTrustPolicies, { slug }), encodePolicy, pause) }
  },

  async addTrustPolicy({ params, body }, { perform }) {
    const { name, issuer, audience, claims, app, lifetime, caveats } = body
    const { policy, problem } = await perform(addTrustPolicy, {
      slug: params.org_slug,
      name,
      issuer,
      audience,
      claims,
      appName: app,
      lifetime: parseDuration(lifetime),
      caveats,
    })
    return { ...encodePolicy(policy), issuer_problem: problem ?? null }
  },

  async removeTrustPolicy({ params }, { perform }) {
    const removed = await perform(removeTrustPolicy, { slug: params.org_slug, id: params.policy_id })
    const { revoked, more } = removed.descendants
    return { ...encodePolicy(removed.policy), revoked_tokens: revoked, more_tokens: more }
  },

  async checkIdentityToken({ params, body: { identity_token } }, { perform }) {
    const { problem, workload, policies } = await perform(checkIdentityToken, {
      slug: params.org_slug,
      token: new Secret(identity_token),
    })
    return {
      accepted: policies.some(({ misses }) => misses.length === 0),
      problem: problem ?? null,
      workload: workload ?? null,
      policies: policies.map(({ policy: { id, name }, misses }) => ({
        id,
        name,
        misses: misses.map(({ claim, wanted, found }) => ({ claim, wanted: [...wanted], found: found ?? null })),
      })),
    }
  },
}

function encodePolicy(policy: ListedTrustPolicy): TrustPolicy {
  const { createdByEmail, createdByProvenAt } = policy
  return {
    id: policy.id,
    name: policy.name,
    issuer: policy.issuer,
    audience: policy.audience,
    claims: Object.fromEntries(Object.entries(policy.claims).map(([claim, values]) => [claim, [...values]])),
    profile: profileOf(policy),
    app: policy.appName,
    lifetime: formatDuration(policy.lifetime),
    caveats: describeRecordedCaveats(policy.caveats) ?? [],
    created_by: createdByEmail,
    created_by_proven: createdByProvenAt !== null && createdByProvenAt <= policy.createdAt,
    created_at: encodeInstant(policy.createdAt),
  }
}
