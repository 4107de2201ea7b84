// For verifiers: services that ask about many tokens at once, remember the answers, and follow the feed to forget them.
import { parseAddress } from '@hallpass/macaroon/internal'
import { z } from 'zod'

import { apiErrorCodes } from '../errors.ts'
import { routesOf } from './route.ts'
import { pathName, timestamp } from './text.ts'

/** How many headers, and how many names, one request has at most. */
const mostQuestions = 100

const id = z.number().int()

const askedHeader = z.strictObject({
  header: z.string().max(65_536).describe('The Authorization header that the service was sent.'),
  from: z
    .string()
    .max(100)
    .refine((text) => parseAddress(text) !== undefined, 'is not an IPv4 or IPv6 address')
    .optional()
    .describe(
      'The address that sent it. Work for tokens that count for nothing is counted for it, or for the verifier.',
    ),
})

const askedName = z
  .strictObject({ org_slug: pathName.optional(), app_name: pathName.optional() })
  .refine(({ org_slug, app_name }) => org_slug !== undefined || app_name !== undefined, 'names nothing')
  .describe('As an access names an organization and an app.')

const knownToken = z
  .object({
    permission_token: z.string().describe('The token as it was sent: base64 of its bytes.'),
    discharges: z.array(z.string()).describe('The discharges of the header that count for it: base64 of their bytes.'),
    id: z.string(),
    organization: z.object({
      id,
      slug: z.string(),
      personal: z.boolean().optional().describe('Its holder may call it `personal`.'),
    }),
    app: id.nullable().describe('The app of a deploy token.'),
    person: id.nullable().describe('The person in whose name it was made.'),
    line: z
      .array(z.string())
      .nullable()
      .describe('What minted and what replaced it, directly or not, the nearest first; null where that is too much.'),
    expires_at: timestamp.describe('Its caveats may end it earlier.'),
    networks: z.array(z.string()).describe('Those that its organization limits its tokens to; empty for everywhere.'),
    exact: z
      .boolean()
      .optional()
      .describe('Nothing follows from it for tokens that were attenuated from it: ask about each.'),
  })
  .meta({ id: 'KnownToken' })

const refused = z.object({
  code: z.enum(apiErrorCodes),
  message: z.string().describe('As the authority would refuse the header itself.'),
  retry_after: z.number().int().optional().describe('Seconds.'),
})

/** Chosen anew for each request. Nothing that is secret has this form, so it can be repeated. */
const nonce = z.string().regex(/^[0-9a-f]{32}$/, { error: 'is not 32 digits and letters of a to f' })

const knownName = z.object({
  organization: id,
  app: id.nullable().describe('Null where no app was named, or the app is not one of the organization.'),
})

const verification = z
  .object({
    after: z.string().describe('Where the feed stood before anything of this was read: follow it from there.'),
    now: timestamp,
    nonce: z.string().optional().describe('That of the question: an answer that something repeats has another one.'),
    answers: z
      .array(z.union([z.object({ tokens: z.array(knownToken) }), z.object({ refused })]))
      .describe('One for each header, in their order.'),
    names: z.array(knownName.nullable()).describe('One for each name, in their order; null for what does not exist.'),
  })
  .meta({ id: 'Verification' })

export type KnownTokenAnswer = z.infer<typeof knownToken>
export type Verification = z.infer<typeof verification>
export type AskedVerification = z.input<typeof verificationRoutes.verifyTokens.body>

export const verificationRoutes = routesOf('tokens', {
  verifyTokens: {
    summary: 'Which tokens of many headers are good, and how a verifier that remembers them hears of their end',
    byVerifier: true,
    bodyLimit: 1024 * 1024,
    body: z.strictObject({
      headers: z.array(askedHeader).max(mostQuestions).default([]),
      names: z.array(askedName).max(mostQuestions).default([]),
      nonce: nonce.optional(),
    }),
    answer: verification,
  },
})
