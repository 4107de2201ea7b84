// For services that ask the authority about tokens that they receive, as superfly/macaroon's flyio/machinesapi does.
import { MacaroonError, actions, parseAction, type Action } from '@hallpass/macaroon'
import { parseAddress } from '@hallpass/macaroon/internal'
import { z } from 'zod'

import { caveatAnswer } from './caveats.ts'
import { routesOf } from './route.ts'
import { pathName } from './text.ts'

const header = z.string().max(65_536).describe('The Authorization header that the service was sent.')

const verifiedToken = z
  .object({
    permission_token: z.string().describe('The token as it was sent: base64 of its bytes.'),
    caveats: z.array(caveatAnswer).describe('Its own, and those of the discharges that came with it.'),
  })
  .meta({ id: 'VerifiedToken' })

/** `rwcdC` in letters; no letter, and no field, asks for no action in particular. */
const action = z
  .string()
  .max(32)
  .default('')
  .transform((letters, context): Action => {
    try {
      // All actions that there are: `*` would name some that nobody attempts.
      return parseAction(letters) & actions.all
    } catch (error) {
      if (!(error instanceof MacaroonError)) throw error
      const message = 'has a letter that is no action: there are r, w, c, d and C, and * alone'
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
  })

const name = z.string().max(512)

// An unknown field may be a restriction that would be ignored, so it is refused.
const access = z
  .strictObject({
    action,
    org_slug: pathName.optional().describe('Needed where no app is named.'),
    app_name: pathName.optional(),
    org_feature: name.optional(),
    app_feature: name.optional(),
    volume_id: name.optional(),
    machine_id: name.optional(),
    machine_feature: name.optional(),
    command: z.array(z.string()).max(1024).optional(),
    mutation: name.optional(),
    source_machine: name.optional(),
    source_address: name
      .refine((text) => parseAddress(text) !== undefined, 'is not an IPv4 or IPv6 address')
      .optional()
      .describe('From where the request came to the service; without it a caveat about networks forbids.'),
    storage_object: name.optional(),
  })
  .superRefine((asked, context) => {
    const given = (fields: readonly (keyof typeof asked)[]) => fields.filter((field) => asked[field] !== undefined)
    const wrong = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
    if (given(['org_slug', 'app_name']).length === 0) wrong('org_slug', 'is needed where no app_name is given')
    for (const { parts, parent } of hierarchy) {
      const [first, second] = given(parts)
      if (first !== undefined && second !== undefined) wrong(second, `cannot stand beside ${first}: name one resource`)
      if (first !== undefined && parent !== undefined && asked[parent] === undefined) wrong(first, `needs ${parent}`)
    }
    for (const field of given(['org_feature', 'storage_object'])) {
      if (asked.org_slug === undefined) wrong(field, 'needs org_slug')
    }
  })
  .describe('One action on one resource. Names, which the authority resolves to the numbers that caveats carry.')

const hierarchy = [
  { parts: ['app_name', 'org_feature', 'storage_object'], parent: undefined },
  { parts: ['machine_id', 'volume_id', 'app_feature'], parent: 'app_name' },
  { parts: ['command', 'machine_feature'], parent: 'machine_id' },
] as const

const resolvedAccess = z
  .object({
    action: z.string(),
    orgid: z.number().int(),
    appid: z.number().int().optional(),
    feature: z.string().optional(),
    app_feature: z.string().optional(),
    volume: z.string().optional(),
    machine: z.string().optional(),
    machine_feature: z.string().optional(),
    command: z.array(z.string()).optional(),
    mutation: z.string().optional(),
    sourceMachine: z.string().optional(),
    sourceAddress: z.string().optional(),
    storage_object: z.string().optional(),
  })
  .meta({ id: 'ResolvedAccess', description: "As Go's flyio.Access." })

export type AskedAccess = z.input<typeof access>
export type VerifiedTokenAnswer = z.infer<typeof verifiedToken>
export type Authorization = z.infer<typeof verifyingRoutes.authorizeToken.answer>

export const verifyingRoutes = routesOf('tokens', {
  authenticateTokens: {
    summary:
      'Which tokens of a header are genuine, known and neither revoked, expired nor blocked; the others are left out',
    credentialInBody: true,
    body: z.strictObject({ header }),
    answer: z.array(verifiedToken),
  },

  authorizeToken: {
    summary: 'Whether a token of a header allows an access, and which one does',
    credentialInBody: true,
    body: z.strictObject({ header, access }),
    answer: z.object({ access: resolvedAccess, verified_token: verifiedToken }),
  },
})
