// flyctl's questions about the machines and releases of an app. An authority runs no machines, so the answers are
// empty.
import { pathName } from '@hallpass/client/contract'
import { z } from 'zod'

import { DomainError } from '../../domain/errors.ts'
import { showApp } from '../../operations/apps/show-app.ts'
import { showPrincipal } from '../../operations/tokens/show-principal.ts'
import { route, type FlyctlRoute } from './route.ts'

const params = z.object({ app_name: pathName })

export const appRoutes: readonly FlyctlRoute[] = [
  route({
    method: 'GET',
    url: '/v1/apps/:app_name/machines',
    authenticated: true,
    params,
    status: 200,
    async handle({ params: { app_name } }, { perform }) {
      await perform(showApp, { name: app_name })
      return []
    },
  }),

  route({
    method: 'GET',
    url: '/api/v1/apps/:app_name/releases',
    authenticated: true,
    params,
    status: 200,
    async handle({ params: { app_name } }, { perform }) {
      await perform(showApp, { name: app_name })
      return { releases: [] }
    },
  }),

  route({
    method: 'GET',
    url: '/api/v1/releases/all_current',
    authenticated: true,
    status: 200,
    // The release dates of apps by name, for which there are none.
    async handle(_input, { perform }) {
      await perform(showPrincipal, undefined)
      return {}
    },
  }),

  route({
    method: 'GET',
    url: '/api/v1/apps/:app_name/releases/current',
    authenticated: true,
    params,
    status: 200,
    async handle({ params: { app_name } }, { perform }) {
      const { app } = await perform(showApp, { name: app_name })
      throw new DomainError('not_found', `app ${app.name} has no release`)
    },
  }),
]
