// trust.check: what each trust policy would say to an identity token. Nothing is exchanged.
import { actions } from '@hallpass/macaroon'

import type { Organisation } from '../../domain/organisation.ts'
import type { Secret } from '../../domain/secret.ts'
import {
  describeWorkload,
  IdentityTokenError,
  missesOf,
  type Miss,
  type TrustPolicy,
} from '../../domain/trust-policy.ts'
import type { ReadOperation } from '../perform/operation.ts'
import { accessTrust } from './find-trust-policy.ts'

export interface CheckIdentityToken {
  readonly slug: string
  readonly token: Secret
}

export interface CheckedIdentityToken {
  /** Why no policy can accept it; undefined if its signature and its times are good, and policies name its issuer. */
  readonly problem: string | undefined
  /** What ran; undefined if nothing is proven. */
  readonly workload: string | undefined
  /** The policies that name its issuer, and what does not fit; empty if nothing is proven. */
  readonly policies: readonly { readonly policy: TrustPolicy; readonly misses: readonly Miss[] }[]
}

export const checkIdentityToken: ReadOperation<CheckIdentityToken, Organisation, CheckedIdentityToken> = {
  name: 'trust.check',
  mode: 'read',

  // Who may write policies may learn which claims fit.
  access: (context, { slug }) => accessTrust(context, slug, actions.write),

  async run({ tx, environment }, { input, subject: organisation }) {
    try {
      const issuer = environment.identityTokens.issuerOf(input.token)
      const policies = await tx.trustPolicies.ofIssuer(organisation.id, issuer)
      if (policies.length === 0) return refused('no trust policy of this organization names its issuer')
      return { ...refused(''), policies: policies.map((policy) => ({ policy, misses: [] })) }
    } catch (error) {
      return refused(problemIn(error))
    }
  },

  async afterRead({ environment }, output, { token }) {
    const [first] = output.policies
    if (first === undefined) return output
    const { issuer, organisationId } = first.policy
    try {
      const identity = await environment.identityTokens.verify(token, issuer, String(organisationId))
      const policies = output.policies.map(({ policy }) => ({ policy, misses: missesOf(policy, identity.claims) }))
      return { problem: undefined, workload: describeWorkload(identity), policies }
    } catch (error) {
      return refused(problemIn(error))
    }
  },
}

function refused(problem: string): CheckedIdentityToken {
  return { problem, workload: undefined, policies: [] }
}

function problemIn(error: unknown): string {
  if (error instanceof IdentityTokenError) return error.message
  throw error
}
