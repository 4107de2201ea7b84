// The grammar of `hallpass apps`.
import { buildCommand, buildRouteMap } from '@stricli/core'

import type { Context } from '../../context.ts'
import { globalAliases, globalFlags, jsonFlag, organisationFlag, word, yesFlag } from '../../flags.ts'
import { withContext, withoutInheritance } from '../../routes.ts'

/** One that is there; the shell proposes those. */
const app = word('Name of the app', 'app')

const create = buildCommand({
  loader: async () => withContext((await import('./create.ts')).createApp),
  parameters: {
    flags: { ...organisationFlag, ...jsonFlag, ...globalFlags },
    aliases: { ...globalAliases, j: 'json', o: 'org' },
    positional: { kind: 'tuple', parameters: [word('Name of the app', 'name')] },
  },
  docs: { brief: 'Create an app' },
})

const list = buildCommand({
  loader: async () => withContext((await import('./list.ts')).listApps),
  parameters: {
    flags: { ...organisationFlag, ...jsonFlag, ...globalFlags },
    aliases: { ...globalAliases, j: 'json', o: 'org' },
  },
  docs: {
    brief: 'List apps',
    fullDescription: 'List the apps of one organization, or of all that you reach.',
  },
})

const show = buildCommand({
  loader: async () => withContext((await import('./show.ts')).showApp),
  parameters: {
    flags: { ...jsonFlag, ...globalFlags },
    aliases: { ...globalAliases, j: 'json' },
    positional: { kind: 'tuple', parameters: [app] },
  },
  docs: { brief: 'Show an app' },
})

const destroy = buildCommand({
  loader: async () => withContext((await import('./destroy.ts')).destroyApps),
  parameters: {
    flags: { ...yesFlag, ...globalFlags },
    aliases: { ...globalAliases, y: 'yes' },
    positional: { kind: 'array', parameter: app, minimum: 1 },
  },
  docs: { brief: 'Destroy apps, and with them their deploy tokens' },
})

export const appsRoutes = buildRouteMap<string, Context>({
  routes: withoutInheritance({ create, list, show, destroy }),
  aliases: { ls: 'list', delete: 'destroy', remove: 'destroy', rm: 'destroy' },
  docs: { brief: 'Manage apps' },
})
