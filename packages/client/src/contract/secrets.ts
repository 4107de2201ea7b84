// Secrets of apps: values that only the machines of the app see.
import { z } from 'zod'

import { appParams } from './apps.ts'
import { routesOf } from './route.ts'
import { timestamp } from './text.ts'

const name = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, {
  error: 'is no name of a secret: letters, digits and underscores, 128 at most, and no digit first',
})
const secretParams = appParams.extend({ secret_name: name })

/** Values become variables of an environment, which hold no NUL. */
const value = z
  .string()
  .max(32_768)
  .refine((text) => text.isWellFormed() && !text.includes('\0'), { error: 'has a NUL or an unpaired surrogate' })

const secret = z
  .object({
    name: z.string(),
    digest: z.string().describe('Differs for different values, and says nothing of them.'),
    value: z.string().optional().describe('Where it was asked for, and may be seen.'),
    created_at: timestamp,
    updated_at: timestamp,
  })
  .meta({ id: 'AppSecret' })
export type AppSecret = z.infer<typeof secret>

const version = z.number().int().describe('Counts the changes of the secrets of an app.')

const flag = z
  .enum(['true', 'false', '1', '0', ''])
  .or(z.boolean())
  .transform((given) => [true, 'true', '1'].includes(given))
const query = z.object({
  show_secrets: flag.optional().describe('With the values, for those who may change them.'),
  min_version: z.coerce.number<number>().int().min(0).optional(),
  version: z.coerce.number<number>().int().min(0).optional().describe('The same as min_version.'),
})

export const secretRoutes = routesOf('machines', {
  listSecrets: {
    summary: 'The secrets of an app, by name',
    params: appParams,
    query,
    answer: z.object({ secrets: z.array(secret) }),
  },
  changeSecrets: {
    summary: 'Set some secrets of an app, and remove those whose value is null; machines see it at their next start',
    params: appParams,
    body: z.object({
      values: z
        .record(name, value.nullable())
        .refine((values) => Object.keys(values).length <= 500, { error: 'has more than 500 secrets' }),
    }),
    answer: z.object({ secrets: z.array(secret), version }),
  },
  showSecret: { summary: 'One secret of an app', params: secretParams, query, answer: secret },
  setSecret: {
    summary: 'Set one secret of an app',
    params: secretParams,
    body: z.object({ value }),
    status: 201,
    answer: secret.extend({ version }),
  },
  deleteSecret: {
    summary: 'Remove one secret of an app',
    params: secretParams,
    answer: z.object({ version, Version: version }),
  },
})
