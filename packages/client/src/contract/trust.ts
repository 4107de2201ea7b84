// Trust policies: identity tokens of CI services that an organisation exchanges for short-lived tokens of its own.
import { z } from 'zod'

import { DurationError, parseDuration } from '../duration.ts'
import { caveatAnswer, requestedCaveats } from './caveats.ts'
import { checkedBy } from './durations.ts'
import { organisationParams } from './organisations.ts'
import { routesOf } from './route.ts'
import { line, pathName, timestamp } from './text.ts'
import { profile } from './tokens.ts'

const claimName = z.string().regex(/^[A-Za-z0-9_.:/-]{1,100}$/, { error: 'is no name of a claim' })

const claimValue = line(500).refine((value) => !value.slice(0, -1).includes('*') && value !== '*', {
  error: 'has a * that is not behind other characters, at the end',
})

/** One value or several. */
const claimValues = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => (typeof given === 'string' ? [given] : given))
  .pipe(z.array(claimValue).min(1).max(20))

const claims = z
  .record(claimName, claimValues)
  .refine((given) => Object.keys(given).length > 0, { error: 'are none' })
  .refine((given) => Object.keys(given).length <= 20, { error: 'are more than 20' })
  .refine((given) => !['iss', 'aud', 'exp', 'iat', 'nbf', 'jti'].some((name) => Object.hasOwn(given, name)), {
    error: 'name one of iss, aud, exp, iat, nbf and jti, which are checked anyway',
  })
  .describe('What each claim must be, one of several values; one that ends with * stands for all that begin so.')

const issuer = line(256)
  .pipe(z.url())
  .refine(
    (text) => {
      const url = URL.parse(text)
      return (
        url !== null &&
        /^https?:$/.test(url.protocol) &&
        `${url.username}${url.password}${url.search}${url.hash}` === ''
      )
    },
    { error: 'is no https address without query, fragment and user' },
  )

const trustPolicy = z
  .object({
    id: z.uuid(),
    name: z.string(),
    issuer: z.string().describe('As identity tokens name it.'),
    audience: z.string(),
    claims: z.record(z.string(), z.array(z.string())),
    profile,
    app: z.string().nullable().describe('The one app of the deploy tokens that it gives.'),
    lifetime: z.string().describe('How long its tokens are good: a Go duration.'),
    caveats: z.array(caveatAnswer).describe('What its tokens carry in addition to the caveats of their profile.'),
    created_by: z.string().nullable(),
    created_by_proven: z.boolean(),
    created_at: timestamp,
  })
  .meta({ id: 'TrustPolicy' })
export type TrustPolicy = z.infer<typeof trustPolicy>

const addedTrustPolicy = trustPolicy
  .extend({
    issuer_problem: z
      .string()
      .nullable()
      .describe('Why the keys of the issuer cannot be read at this moment; null where they can.'),
  })
  .meta({ id: 'AddedTrustPolicy' })
export type AddedTrustPolicy = z.infer<typeof addedTrustPolicy>

const checkedIdentityToken = z
  .object({
    accepted: z
      .boolean()
      .describe('Whether a policy accepts it. An identity token is exchanged once; this is not counted.'),
    problem: z.string().nullable().describe('Why no policy can accept it, whatever its claims are.'),
    workload: z.string().nullable().describe('What ran, as far as its issuer says.'),
    policies: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        misses: z.array(
          z.object({
            claim: z.string(),
            wanted: z.array(z.string()),
            found: z.string().nullable().describe('Null where the token has no such claim.'),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'CheckedIdentityToken' })
export type CheckedIdentityToken = z.infer<typeof checkedIdentityToken>

/** Nobody watches over these tokens, so none outlives the work that it is for by long. */
function parseLifetime(text: string): number {
  const seconds = parseDuration(text)
  if (seconds >= 60 && seconds <= 3600) return seconds
  throw new DurationError('is not between 1m and 1h')
}

const lifetime = z
  .string()
  .superRefine(checkedBy(parseLifetime))
  .describe('How long its tokens are good: a Go duration between 1m and 1h.')

export const trustRoutes = routesOf('organisations', {
  listTrustPolicies: {
    summary: 'The trust policies of an organization',
    params: organisationParams,
    answer: z.object({ trust_policies: z.array(trustPolicy) }),
  },

  addTrustPolicy: {
    summary: 'Trust what an issuer says of its workloads: exchange their identity tokens for tokens that live minutes',
    params: organisationParams,
    body: z.strictObject({
      name: line(80),
      issuer,
      audience: line(256).optional().describe('The public address of the authority and /orgs/SLUG where it is absent.'),
      claims,
      app: pathName.optional().describe('Makes them deploy tokens of this app; org tokens where it is absent.'),
      lifetime: lifetime.default('15m'),
      caveats: requestedCaveats.default([]).describe('More restrictions of its tokens.'),
    }),
    status: 201,
    answer: addedTrustPolicy,
  },

  removeTrustPolicy: {
    summary: 'Remove a trust policy; the tokens that it gave are dead from now on',
    params: organisationParams.extend({ policy_id: pathName }),
    answer: trustPolicy.extend({
      revoked_tokens: z.number().int().describe('How many tokens that it gave were revoked with it.'),
      more_tokens: z.boolean().describe('True where it is more than that: all are dead, and not all are counted yet.'),
    }),
  },

  checkIdentityToken: {
    summary: 'What each trust policy would say to an identity token; nothing is exchanged',
    params: organisationParams,
    body: z.strictObject({ identity_token: z.string().min(1).max(16_384) }),
    answer: checkedIdentityToken,
  },
})
