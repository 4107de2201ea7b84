// Org tokens and deploy tokens: mint, list, show, revoke.
import { z } from 'zod'

import { durationFromNanoseconds, parseDuration, parseGrace } from '../duration.ts'
import { appParams } from './apps.ts'
import { caveatAnswer, requestedCaveats } from './caveats.ts'
import { auditEvents, auditQuery, organisationParams } from './organisations.ts'
import { routesOf } from './route.ts'
import { checkedBy } from './durations.ts'
import { lastUse } from './uses.ts'
import { cursor, emailAddress, line, pageLimit, part, pathName, timestamp } from './text.ts'
import { blockReasons, defaultExpiry, defaultGrace, listSorts, listStates } from './words.ts'

const duration = z.string().superRefine(checkedBy(parseDuration))

const expiry = duration.describe(
  'How long the token is valid: a Go duration, which may also have d, w and y (365 days).',
)

const unsaid = `where it is absent, as long as the organization says, or ${defaultExpiry}.`

const expiryInNanoseconds = z.number().superRefine(checkedBy(durationFromNanoseconds)).describe('Nanoseconds.')

export const profile = z.enum(['deploy_organization', 'deploy', 'litefs_cloud'])
export type Profile = z.infer<typeof profile>

const block = z
  .object({
    reason: z.enum(blockReasons).describe('The limit, by its name in the policy.'),
    sentence: z.string().describe('The same for people.'),
  })
  .meta({ id: 'Block', description: 'Which limit of the organization blocks a token.' })
export type Block = z.infer<typeof block>

const token = z
  .object({
    id: z.uuid(),
    name: z.string(),
    profile,
    org_slug: z.string(),
    app: z.string().nullable().describe('The one app of a deploy token.'),
    machine: z.string().nullable().describe('Id of the machine whose own token it is.'),
    created_by: z.string().nullable().describe('Email address of the person in whose name it was made.'),
    created_by_proven: z
      .boolean()
      .describe('False if nobody had yet proven that the address is theirs: it may have been a stranger.'),
    minted_by: z.string().nullable().describe('Id of the token that made it, where a token did.'),
    trust_policy: z
      .string()
      .nullable()
      .describe('Id of the trust policy that gave it for an identity token, where one did.'),
    successor_id: z
      .string()
      .nullable()
      .describe('Id of the token that replaced it, where it was rotated: it ends earlier than it was minted for.'),
    predecessor_id: z
      .string()
      .nullable()
      .describe('Id of the token that it replaced; that one may not be remembered any more.'),
    created_at: timestamp,
    expires_at: timestamp,
    revoked_at: timestamp.nullable(),
    revoked_by: z.string().nullable(),
    state: z.enum(['live', 'revoked', 'expired']),
    blocked: block
      .nullable()
      .describe(
        'Why it is good for nothing at this moment, where a limit of its organization blocks it; null where none does. Networks are judged only when it is used.',
      ),
    ...lastUse,
    last_use_known_since: timestamp.describe(
      'When the token was made, or when this authority began to note uses, if that was later. A use before it is not known.',
    ),
    caveats: z
      .array(caveatAnswer)
      .nullable()
      .describe('All that the token was minted with; null where it is from before they were kept.'),
  })
  .meta({ id: 'Token', description: 'What is remembered of a token; never the token itself.' })
export type Token = z.infer<typeof token>

const revokedDerived = z.object({
  id: z
    .string()
    .describe(
      'The name of a token as a holder narrowed it: `dt_` and the base64url of the 16 bytes of its token id and the first 16 bytes of the SHA-256 of its tail.',
    ),
  revoked_at: timestamp,
  revoked_by: z.string(),
})

const shownToken = token
  .extend({
    used_from: z
      .array(z.object({ ip: z.string(), at: timestamp }))
      .describe('The last five addresses that it was used from, each with the last time, the last one first.'),
    revoked_derived: z
      .array(revokedDerived)
      .describe('Tokens that holders derived from it and that are revoked, the last hundred, the last one first.'),
  })
  .meta({ id: 'ShownToken' })
export type ShownToken = z.infer<typeof shownToken>

const mintedToken = token
  .extend({ token: z.string().describe('The token, `FlyV1 fm2_…`: shown once, stored nowhere.') })
  .meta({ id: 'MintedToken' })
export type MintedToken = z.infer<typeof mintedToken>

const rotatedToken = mintedToken
  .extend({
    predecessor: token.describe('The token that was replaced: it lives until its `expires_at`, or is revoked.'),
  })
  .meta({ id: 'RotatedToken' })
export type RotatedToken = z.infer<typeof rotatedToken>

const revokedDescendants = {
  revoked_descendants: z
    .number()
    .int()
    .describe('How many tokens were revoked with it: those that it minted, and what these minted.'),
  more_descendants: z.boolean().describe('True where it is more than that: all are dead, and not all are counted yet.'),
}

const revokedToken = token.extend(revokedDescendants).meta({ id: 'RevokedToken' })
export type RevokedToken = z.infer<typeof revokedToken>

const revokedDerivedToken = revokedDerived
  .extend({
    token_id: z.uuid().describe('The token that it was derived from, which lives on.'),
    org_slug: z.string(),
    ...revokedDescendants,
  })
  .meta({ id: 'RevokedDerivedToken', description: 'A token that a holder narrowed, and that is revoked.' })
export type RevokedDerivedToken = z.infer<typeof revokedDerivedToken>

const descendants = z
  .enum(['revoke', 'keep'])
  .describe('What becomes of the tokens that it minted, and of what these minted: they are revoked, or kept.')
export type Descendants = z.infer<typeof descendants>

const createTokenBody = z
  .strictObject({
    profile: profile.default('deploy_organization'),
    name: line(128).optional(),
    app: pathName.optional().describe('Needed by the profile deploy.'),
    cluster: line(128).optional().describe('Needed by the profile litefs_cloud.'),
    expiry: expiry.optional().describe(`How long the token is valid, as a Go duration; ${unsaid}`),
    caveats: requestedCaveats
      .default([])
      .describe("Restrictions in addition to those of the profile, as superfly/macaroon's JSON has them."),
  })
  .superRefine((body, context) => {
    for (const [field, owner] of [
      ['app', 'deploy'],
      ['cluster', 'litefs_cloud'],
    ] as const) {
      if (body.profile === owner && body[field] === undefined) {
        context.addIssue({ code: 'custom', path: [field], message: `is needed by the profile ${owner}` })
      }
      if (body.profile !== owner && body[field] !== undefined) {
        context.addIssue({ code: 'custom', path: [field], message: `belongs to the profile ${owner} alone` })
      }
    }
  })

function expectLive(
  { state, ends_within }: { readonly state: string; readonly ends_within?: string | undefined },
  context: z.RefinementCtx,
): void {
  if (ends_within === undefined || state === 'live') return
  context.addIssue({ code: 'custom', path: ['ends_within'], message: 'belongs to the state live alone' })
}

const filterFields = {
  state: z.enum(listStates).default('live'),
  search: part(128)
    .default('')
    .describe('Part of the name, in any case; or what the id begins with, from its first eight digits on.'),
  unused: duration
    .optional()
    .describe(
      'Only tokens that were not used for so long, as 90d, and are at least as old. None where uses are not known for so long.',
    ),
  ends_within: duration.optional().describe('Only live tokens that end within so long, as 7d.'),
  created_by: emailAddress.optional().describe('Only tokens made in the name of the person with this address.'),
  profile: profile.optional(),
  approval: z
    .enum(['pending'])
    .optional()
    .describe('Only tokens that no admin has approved: they wait where the organization asks for approval.'),
}

const filter = z.strictObject(filterFields).superRefine(expectLive)
export type TokenFilterQuery = z.input<typeof filter>

const listFields = z.strictObject({
  ...filterFields,
  sort: z.enum(listSorts).default('expires_at'),
  order: z
    .enum(['asc', 'desc'])
    .optional()
    .describe(
      'asc for names where it is absent, and desc for times. By last use, those without one come last with desc.',
    ),
  limit: pageLimit.default(100),
  cursor: cursor.optional(),
})

const listQuery = listFields.superRefine(expectLive)
export type ListQuery = z.input<typeof listQuery>

const tokenList = z
  .object({
    tokens: z.array(token),
    uses_known_since: timestamp.describe('When this authority began to note uses.'),
    next_cursor: z
      .string()
      .optional()
      .describe('Where it stands the list goes on, even after a page that is short or empty: few may match of many.'),
  })
  .meta({ id: 'TokenList' })
export type TokenList = z.infer<typeof tokenList>

const tokenCount = z
  .object({
    count: z.number().int(),
    more: z.boolean().describe('True where there are more than these, or not all were looked at.'),
  })
  .meta({ id: 'TokenCount' })
export type TokenCount = z.infer<typeof tokenCount>

const tokenParams = z.object({ token_id: pathName })

const currentTokens = z
  .object({
    tokens: z.array(
      z.object({
        token_id: z.string(),
        org_slug: z.string(),
        organization: z.string(),
        apps: z.array(z.string()).describe('Names of the apps that it is limited to; empty where it is not limited.'),
        user: z.string().nullable(),
        restricted_to_machine: z.string(),
        source_machine_id: z.string(),
        expires_at: z.string().describe('When it ends: by its caveats, or earlier because it was replaced.'),
      }),
    ),
  })
  .meta({ id: 'CurrentTokens' })
export type CurrentTokens = z.infer<typeof currentTokens>

export const tokenRoutes = routesOf('tokens', {
  createToken: {
    summary: 'Mint a token; it carries at most the authority of who mints it',
    params: organisationParams,
    body: createTokenBody,
    status: 201,
    answer: mintedToken,
  },

  listOrganisationTokens: {
    summary:
      'The tokens of an organization, as a rule the live ones and the one that ends last first; never their secrets',
    params: organisationParams,
    query: listQuery,
    answer: tokenList,
  },

  listAppTokens: {
    summary: 'The tokens that are limited to one app',
    params: appParams,
    query: listQuery,
    answer: tokenList,
  },

  countOrganisationTokens: {
    summary: 'How many tokens of an organization such a list has, up to ten thousand',
    params: organisationParams,
    query: filter,
    answer: tokenCount,
  },

  countAppTokens: {
    summary: 'How many tokens that are limited to one app such a list has, up to ten thousand',
    params: appParams,
    query: filter,
    answer: tokenCount,
  },

  showToken: { summary: 'What is remembered of one token', params: tokenParams, answer: shownToken },

  showTokenHistory: {
    summary: 'What a token did, and what was done to it, newest first',
    params: tokenParams,
    query: auditQuery,
    answer: auditEvents,
  },

  renameToken: {
    summary: 'Give a token another name',
    params: tokenParams,
    body: z.strictObject({ name: line(128) }),
    answer: token,
  },

  rotateToken: {
    summary: "Replace a token by one with the same caveats; what it minted is that one's from then on",
    params: tokenParams,
    body: z
      .strictObject({
        grace: z
          .string()
          .superRefine(checkedBy(parseGrace))
          .default(defaultGrace)
          .describe('How long the old token lives on, as a duration; 0 to revoke it at once.'),
        expiry: expiry
          .optional()
          .describe(
            'How long the new one is valid; where it is absent, as long as the old one was, or as the organization allows.',
          ),
      })
      .default({ grace: defaultGrace }),
    status: 201,
    answer: rotatedToken,
  },

  approveToken: {
    summary: 'Approve a token that waits for an admin',
    params: tokenParams,
    answer: token,
  },

  revokeToken: {
    summary: 'Revoke a token, with every token attenuated from it, and all that it minted',
    params: tokenParams,
    // An option in the wrong place must not be ignored, because a revocation cannot be undone.
    query: z.strictObject({}),
    body: z.strictObject({ descendants: descendants.default('revoke') }).default({ descendants: 'revoke' }),
    answer: revokedToken,
  },

  revokeTokenText: {
    summary: 'Revoke the token that the body holds, also one that is cut off or damaged; the caller is who may',
    body: z.strictObject({
      token: z
        .string()
        .min(1)
        .max(65_536)
        .describe('A token, a header with one, or what is left of it: it says which one is meant, and gives no right.'),
      descendants: descendants.default('revoke'),
    }),
    answer: revokedToken,
  },

  revokeDerivedToken: {
    summary:
      'Revoke one token that a holder narrowed, with those narrowed from it and all that they minted; the token that it comes from lives on',
    body: z.strictObject({
      derived: z
        .string()
        .min(1)
        .max(65_536)
        .describe(
          'Its name `dt_…`, as the audit trail has it; or the token itself, whole: it says which one is meant, and gives no right.',
        ),
    }),
    answer: revokedDerivedToken,
  },

  showCurrentTokens: { summary: 'The tokens that the request carries', answer: currentTokens },

  createDeployToken: {
    summary: 'Mint a deploy token for one app, as the Machines API does',
    params: appParams,
    body: z.object({ expiry: expiry.or(expiryInNanoseconds).optional() }),
    answer: z.object({ token: z.string() }),
  },
})
