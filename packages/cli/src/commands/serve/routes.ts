// The grammar of `hallpass serve`.
import { globalFlags } from '../../flags.ts'
import { command } from '../../routes.ts'
import { requirePkceFlag, settingFlags } from '../../setting-flags.ts'
import { hasFlag, listSettings, variableOf } from '../../settings.ts'

const environmentAlone = listSettings()
  .filter((setting) => !hasFlag(setting))
  .map(({ name, what }) => `${variableOf(name)} (${what})`)
  .join(', ')

export const serveCommand = command({
  load: async () => (await import('./serve.ts')).serveAuthority,
  flags: {
    ...settingFlags,
    requirePkce: requirePkceFlag,
    logLevel: {
      kind: 'enum',
      values: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
      default: 'info',
      brief: 'What to log',
    },
    ...globalFlags,
  },
  brief: 'Start an authority',
  description:
    'Start an authority, which mints and revokes tokens and keeps them in one SQLite file or in a PostgreSQL.\n' +
    'A new one prints how to create the first account. It stops cleanly on Ctrl-C and SIGTERM.\n' +
    `From the environment alone it takes ${environmentAlone}. What is secret may stand in a file that the variable ` +
    'names with _FILE behind it, as HALLPASS_ROOT_KEY_FILE; so may HALLPASS_DATABASE_URL.',
})
