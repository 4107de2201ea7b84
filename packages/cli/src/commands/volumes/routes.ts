// The grammar of `hallpass volumes`.
import { appFlags, globalFlags, jsonFlag, textFlag, textFlagWithDefault, word, yesFlag } from '../../flags.ts'
import { command, group, words } from '../../routes.ts'

const common = { ...jsonFlag, ...appFlags, ...globalFlags }
const volume = word('Id of the volume, or its name where no other has it', 'volume')

const create = command({
  load: async () => (await import('./create.ts')).createVolume,
  flags: {
    size: textFlagWithDefault('Size in gigabytes', 'gb', '1', 's'),
    region: textFlag('Region', 'code', 'r'),
    ...common,
  },
  positional: words(word('Name: 1 to 30 of a-z, 0-9 and underscores', 'name')),
  brief: 'Create a volume, which a machine can have',
  description:
    'Create a volume: a disk that outlives machines, for one machine at a time.\n' +
    '`hallpass machine run --volume NAME:/path IMAGE` runs a machine with it.',
})

const list = command({
  load: async () => (await import('./list.ts')).listVolumes,
  flags: common,
  brief: 'List the volumes of an app',
})

const show = command({
  load: async () => (await import('./show.ts')).showVolume,
  flags: common,
  positional: words(volume),
  brief: 'Show a volume',
})

const extend = command({
  load: async () => (await import('./extend.ts')).extendVolume,
  flags: { size: textFlag('New size in gigabytes, or +1 for one more', 'gb', 's'), ...common },
  positional: words(volume),
  brief: 'Make a volume larger',
})

const destroy = command({
  load: async () => (await import('./destroy.ts')).destroyVolumes,
  flags: { ...yesFlag, ...appFlags, ...globalFlags },
  positional: { kind: 'array', parameter: volume, minimum: 1 },
  brief: 'Destroy volumes that no machine has, with all data',
})

export const volumesRoutes = group({
  brief: 'Manage volumes of apps',
  routes: { create, list, show, extend, destroy },
  aliases: { ls: 'list', delete: 'destroy', remove: 'destroy', rm: 'destroy' },
})
