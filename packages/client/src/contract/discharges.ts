// Discharges that wait for the person in whose name a token was made: what is asked of them, and their answer.
import { z } from 'zod'

import { routesOf } from './route.ts'
import { pathName, timestamp } from './text.ts'
import { profile } from './tokens.ts'

const dischargeParams = z.object({ discharge_id: pathName })

const dischargeRequest = z
  .object({
    state: z
      .enum(['pending', 'approved', 'denied'])
      .describe('Gone once the holder of the token has fetched the answer.'),
    org_slug: z.string(),
    org_name: z.string(),
    token: z.object({ id: z.uuid(), name: z.string(), profile }),
    requested_from: z.string().describe('The address that asks.'),
    created_at: timestamp,
    expires_at: timestamp.describe('Until then it can be answered.'),
    discharge_expires_in: z.number().int().describe('Seconds for which the token can be used, once it is approved.'),
  })
  .meta({ id: 'DischargeRequest' })
export type DischargeRequest = z.infer<typeof dischargeRequest>

export const dischargeRoutes = routesOf('tokens', {
  showDischarge: {
    summary: 'What the holder of one of your tokens asks you to confirm',
    params: dischargeParams,
    answer: dischargeRequest,
  },

  approveDischarge: { summary: 'Let the token be used for a while', params: dischargeParams },
  denyDischarge: { summary: 'Refuse to let the token be used', params: dischargeParams },
})
