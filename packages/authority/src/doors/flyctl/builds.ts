// Builds of images, of which flyctl wants one to be noted before it resolves a reference. Nothing is built here.
import { pathName } from '@hallpass/client/contract'
import { z } from 'zod'

import { showApp } from '../../operations/apps/show-app.ts'
import { route, type FlyctlRoute } from './route.ts'

/** Clients send more, which is ignored. */
const body = z.object({ app_name: pathName })

const noted = (url: string, status: string): FlyctlRoute =>
  route({
    method: 'POST',
    url,
    authenticated: true,
    body,
    status: 200,
    async handle({ body: { app_name } }, { perform }) {
      await perform(showApp, { name: app_name })
      return { id: 1, status, wallclock_time_ms: 0 }
    },
  })

export const buildRoutes: readonly FlyctlRoute[] = [
  noted('/api/v1/builds', 'started'),
  noted('/api/v1/builds/finish', 'completed'),
]
