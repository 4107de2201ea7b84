// Where apps live, as the Machines API has it.
import { z } from 'zod'

import { routesOf } from './route.ts'

const region = z
  .object({
    code: z.string(),
    name: z.string(),
    latitude: z.number(),
    longitude: z.number(),
    gateway_available: z.boolean(),
    requires_paid_plan: z.boolean(),
    deprecated: z.boolean(),
  })
  .meta({ id: 'Region' })
export type Region = z.infer<typeof region>

export const platformRoutes = routesOf('apps', {
  listRegions: {
    summary: 'The regions that apps can live in: the one of the authority itself',
    // The Machines API's own spelling.
    answer: z.object({ Regions: z.array(region), Nearest: z.string() }).meta({ id: 'RegionList' }),
  },
})
