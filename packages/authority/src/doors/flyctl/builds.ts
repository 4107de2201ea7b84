// Builds of images: flyctl registers one before it resolves a reference to an image. Nothing is built here.
import { pathName } from '@hallpass/client/contract'
import { z } from 'zod'

import { showApp } from '../../operations/apps/show-app.ts'
import { route, type FlyctlRoute } from './route.ts'

/** Clients send more, which is ignored. */
const body = z.object({ app_name: pathName })

const registered = (url: string, status: string): FlyctlRoute =>
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
  registered('/api/v1/builds', 'started'),
  registered('/api/v1/builds/finish', 'completed'),
]
