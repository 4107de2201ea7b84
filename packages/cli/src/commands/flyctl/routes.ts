// The grammar of `hallpass flyctl`.
import { globalFlags, word } from '../../flags.ts'
import { command, group } from '../../routes.ts'
import { shells } from './variables.ts'

const { apiUrl } = globalFlags

const env = command({
  load: async () => (await import('./env.ts')).printVariables,
  flags: {
    shell: {
      kind: 'enum',
      values: shells,
      brief: 'Shell that reads them; sh and zsh read those of bash',
      default: 'bash',
    },
    apiUrl,
  },
  brief: 'Print the variables that keep flyctl at an authority',
  description:
    'Print the variables that keep flyctl at an authority, with every address that it has of its own redirected.\n' +
    '  eval "$(hallpass flyctl env)"                                             bash, zsh, sh\n' +
    '  hallpass flyctl env --shell fish | source                                 fish\n' +
    '  hallpass flyctl env --shell powershell | Out-String | Invoke-Expression   PowerShell',
})

const run = command({
  load: async () => (await import('./run.ts')).runFlyctl,
  flags: { apiUrl },
  positional: { kind: 'array', parameter: word('Arguments of flyctl, after --', 'argument') },
  brief: 'Run flyctl with these variables',
  description:
    'Run the flyctl that you have at an authority and nowhere else: `hallpass flyctl -- apps list`.\n' +
    'It gets everything after -- unchanged, and this command ends with its exit code. Its login is its own:\n' +
    'begin with `hallpass flyctl -- auth login`. HALLPASS_FLYCTL names the program where it is not on the PATH.',
})

export const flyctlRoutes = group({
  brief: 'Run flyctl at an authority, and nowhere else',
  routes: { env, run },
  defaultCommand: 'run',
})
