// flyctl's requests for the logs of an app, and for its releases, which do not exist here.
import { pathName } from '@hallpass/client/contract'
import { z } from 'zod'

import { DomainError } from '../../domain/errors.ts'
import { readLogs } from '../../operations/machines/read-logs.ts'
import { showApp } from '../../operations/apps/show-app.ts'
import { showPrincipal } from '../../operations/tokens/show-principal.ts'
import { readLogToken, writeLogToken } from '../http/log-token.ts'
import { route, type FlyctlRoute } from './route.ts'

const params = z.object({ app_name: pathName })

/** The query of flyctl. It reads the rest of a long log with the `next_token` of the answer. */
const logQuery = z.object({
  next_token: z.string().max(4096).optional(),
  instance: z.string().max(64).optional(),
  region: z.string().max(64).optional(),
})

export const appRoutes: readonly FlyctlRoute[] = [
  route({
    method: 'GET',
    url: '/api/v1/apps/:app_name/logs',
    authenticated: true,
    params,
    query: logQuery,
    status: 200,
    async handle({ params: { app_name }, query }, { perform }) {
      const { machines, lines, read } = await perform(readLogs, {
        appName: app_name,
        machineId: query.instance || undefined,
        read: readLogToken(query.next_token),
        tail: 100,
        wait: 0,
      })
      const regions = new Map(machines.map(({ id, region }) => [id, region]))
      return {
        data: lines.map(({ machineId, at, stream, text }) => ({
          id: `${machineId} ${at}`,
          type: 'log',
          attributes: {
            timestamp: at,
            message: text,
            level: stream === 'stderr' ? 'error' : 'info',
            instance: machineId,
            region: regions.get(machineId) ?? '',
            meta: {},
          },
        })),
        meta: { next_token: writeLogToken(read) },
      }
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
    // It maps names of apps to the dates of their releases. No app has one.
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
