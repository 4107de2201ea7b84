// The grammar of `hallpass apps`.
import { globalFlags, jsonFlag, organisationFlag, switchFlag, word, yesFlag } from '../../flags.ts'
import { command, group, words } from '../../routes.ts'

/** One that is there; the shell proposes those. */
const app = word('Name of the app', 'app')

const create = command({
  load: async () => (await import('./create.ts')).createApp,
  flags: { ...organisationFlag, ...jsonFlag, ...globalFlags },
  positional: words(word('Name of the app', 'name')),
  brief: 'Create an app',
})

const list = command({
  load: async () => (await import('./list.ts')).listApps,
  flags: { ...organisationFlag, ...jsonFlag, ...globalFlags },
  brief: 'List apps',
  description: 'List the apps of one organization, or of all that you reach.',
})

const show = command({
  load: async () => (await import('./show.ts')).showApp,
  flags: { ...jsonFlag, ...globalFlags },
  positional: words(app),
  brief: 'Show an app',
})

const destroy = command({
  load: async () => (await import('./destroy.ts')).destroyApps,
  flags: { force: switchFlag('Also apps that have machines, and these with them', 'f'), ...yesFlag, ...globalFlags },
  positional: { kind: 'array', parameter: app, minimum: 1 },
  brief: 'Destroy apps, and with them their deploy tokens',
})

export const appsRoutes = group({
  brief: 'Manage apps',
  routes: { create, list, show, destroy },
  aliases: { ls: 'list', delete: 'destroy', remove: 'destroy', rm: 'destroy' },
})
