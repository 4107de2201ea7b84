// Apps, as the Machines API has them.
import { z } from 'zod'

import { routesOf } from './route.ts'
import { flag, label, line, part, pathName } from './text.ts'

export const appParams = z.object({ app_name: pathName })

/** The field `organization` is spelt as the Machines API spells it. */
const app = z
  .object({
    id: z.string(),
    name: z.string(),
    status: z.enum(['pending', 'deployed', 'suspended']),
    internal_numeric_id: z.number().int().describe('The id that Apps caveats carry.'),
    network: z.string(),
    machine_count: z.number().int(),
    volume_count: z.number().int(),
    cname_target: z.string().describe('Empty: nothing is reached under a host name here.'),
    app_role: z.string().describe('Empty: apps have no roles here.'),
    organization: z.object({ name: z.string(), slug: z.string(), internal_numeric_id: z.number().int() }),
  })
  .meta({ id: 'App' })
export type App = z.infer<typeof app>

const createdApp = app.extend({ created_at: z.number().int().describe('Milliseconds since 1970.') }).meta({
  id: 'CreatedApp',
})
export type CreatedApp = z.infer<typeof createdApp>

/** Clients send either spelling of the name, and more fields than are used here: those are ignored. */
const createAppBody = z
  .object({
    name: label.optional(),
    app_name: label.optional(),
    org_slug: pathName,
    network: line(63).or(z.literal('')).optional(),
    // Programs make it, nobody sees it, and it is often random.
    idempotency_key: part(128).optional(),
  })
  .meta({ id: 'CreateAppRequest' })

export const appRoutes = routesOf('apps', {
  createApp: { summary: 'Create an app', body: createAppBody, status: 201, answer: createdApp },

  listApps: {
    summary: 'The apps of an organization',
    query: z.object({
      org_slug: pathName,
      app_role: line(63).or(z.literal('')).optional().describe('Only apps of this role, of which there are none.'),
    }),
    answer: z.object({ total_apps: z.number().int(), apps: z.array(app) }),
  },

  showApp: { summary: 'One app', params: appParams, answer: app },
  deleteApp: {
    summary: 'Delete an app; its deploy tokens are dead from now on',
    params: appParams,
    query: z.object({ force: flag.optional().describe('Its machines are destroyed with it.') }),
    // Some programs send it in the body, because they have no query with this method.
    body: z.object({ force: z.boolean().optional() }).nullish(),
    status: 202,
  },
})
