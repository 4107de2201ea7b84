// The grammar of `hallpass secrets`.
import { appFlags, globalFlags, jsonFlag, switchFlag, word } from '../../flags.ts'
import { command, group } from '../../routes.ts'
import { patienceFlag } from '../machine/machine-flags.ts'

const common = { ...jsonFlag, ...appFlags, ...globalFlags }
const changeFlags = { stage: switchFlag('Leave the machines that run as they are'), ...patienceFlag, ...common }

const set = command({
  load: async () => (await import('./set.ts')).setSecrets,
  flags: changeFlags,
  positional: {
    kind: 'array',
    parameter: word('A secret and its value; of NAME=- the value comes on standard input', 'name=value'),
    minimum: 1,
  },
  brief: 'Set secrets of an app, which its machines see as variables',
  description:
    'Set secrets of an app, which its machines see as variables of their environment. Machines that run are restarted,\n' +
    'one after the other; with --stage they see it at their next start.\n' +
    'Better than as an argument, which every program here can read, a value comes from a pipe:\n' +
    '`pbpaste | hallpass secrets set DATABASE_URL=-`.',
})

const list = command({
  load: async () => (await import('./list.ts')).listSecrets,
  flags: common,
  brief: 'List the secrets of an app, without their values',
})

const unset = command({
  load: async () => (await import('./unset.ts')).unsetSecrets,
  flags: changeFlags,
  positional: { kind: 'array', parameter: word('Name of a secret', 'name'), minimum: 1 },
  brief: 'Remove secrets of an app',
})

export const secretsRoutes = group({
  brief: 'Manage secrets of apps',
  routes: { set, list, unset },
  aliases: { ls: 'list', rm: 'unset', remove: 'unset', delete: 'unset' },
})
