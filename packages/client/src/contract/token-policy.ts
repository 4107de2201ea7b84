// The limits that an organisation sets for its tokens.
import { MacaroonError } from '@hallpass/macaroon'
import { parseNetwork } from '@hallpass/macaroon/narrow'
import { z } from 'zod'

import { parseDuration } from '../duration.ts'
import { checkedBy } from './durations.ts'
import { organisationParams } from './organisations.ts'
import { routesOf } from './route.ts'

const saysMaximum =
  'The longest that a token may be good, from when it is made: a Go duration, which may also have d, w and y; null for no limit.'
const saysDefault =
  'How long a token is good whose maker does not say; null for the longest lifetime, or 20 years where that is null too.'
const saysNetworks = 'The networks from which alone its tokens are good, as CIDR; none for everywhere.'
const lifetime = z.string().superRefine(checkedBy(parseDuration)).nullable()
const tokensMayMint = z.boolean().describe('Whether its tokens mint others; false where people alone do.')
const onlyAdminsMint = z
  .boolean()
  .describe('Whether tokens that are not limited to one app must be made in the name of somebody who is an admin.')
const approval = z.boolean().describe('Whether a token is good only when an admin has made or approved it.')

/** As many as a caveat has, because a use is held against each of them. */
const mostNetworks = 128

const network = z
  .string()
  .max(64)
  .superRefine((text, context) => {
    try {
      parseNetwork(text)
    } catch (error) {
      if (!(error instanceof MacaroonError)) throw error
      context.addIssue({
        code: 'custom',
        message: 'is no network: write it like 10.0.0.0/8, 2001:db8::/32 or 203.0.113.7',
      })
    }
  })

const tokenPolicy = z
  .object({
    max_token_lifetime: z.string().nullable().describe(saysMaximum),
    default_token_lifetime: z.string().nullable().describe(saysDefault),
    tokens_may_mint: tokensMayMint,
    only_admins_mint: onlyAdminsMint,
    approval,
    networks: z.array(z.string()).describe(saysNetworks),
  })
  .meta({ id: 'TokenPolicy', description: 'What blocks tokens of an organization, and does not revoke them.' })
export type TokenPolicy = z.infer<typeof tokenPolicy>

export const tokenPolicyRoutes = routesOf('organisations', {
  showTokenPolicy: {
    summary: 'The limits that an organization sets for its tokens',
    params: organisationParams,
    answer: tokenPolicy,
  },

  updateTokenPolicy: {
    summary:
      'Change those limits; what is absent stays as it is. Tokens beyond them are blocked, and good again when they are loosened',
    params: organisationParams,
    body: z
      .strictObject({
        max_token_lifetime: lifetime.optional().describe(saysMaximum),
        default_token_lifetime: lifetime.optional().describe(saysDefault),
        tokens_may_mint: tokensMayMint.optional(),
        only_admins_mint: onlyAdminsMint.optional(),
        approval: approval.optional(),
        networks: z.array(network).max(mostNetworks).optional().describe(saysNetworks),
      })
      .refine((body) => Object.keys(body).length > 0, { error: 'is missing a field to change' }),
    answer: tokenPolicy,
  },
})
