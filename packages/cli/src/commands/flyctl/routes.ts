// The grammar of `hallpass flyctl`.
import { buildCommand, buildRouteMap } from '@stricli/core'

import type { Context } from '../../context.ts'
import { globalFlags, word } from '../../flags.ts'
import { withContext, withoutInheritance } from '../../routes.ts'
import { shells } from './variables.ts'

const { apiUrl } = globalFlags

const env = buildCommand({
  loader: async () => withContext((await import('./env.ts')).printVariables),
  parameters: {
    flags: {
      shell: {
        kind: 'enum',
        values: shells,
        brief: 'Shell that reads them; sh and zsh read those of bash',
        default: 'bash',
      },
      apiUrl,
    },
  },
  docs: {
    brief: 'Print the variables that keep flyctl at an authority',
    fullDescription:
      'Print the variables that keep flyctl at an authority, with every address that it has of its own redirected.\n' +
      '  eval "$(hallpass flyctl env)"                                             bash, zsh, sh\n' +
      '  hallpass flyctl env --shell fish | source                                 fish\n' +
      '  hallpass flyctl env --shell powershell | Out-String | Invoke-Expression   PowerShell',
  },
})

const run = buildCommand({
  loader: async () => withContext((await import('./run.ts')).runFlyctl),
  parameters: {
    flags: { apiUrl },
    positional: { kind: 'array', parameter: word('Arguments of flyctl, after --', 'argument') },
  },
  docs: {
    brief: 'Run flyctl with these variables',
    fullDescription:
      'Run the flyctl that you have at an authority and nowhere else: `hallpass flyctl -- apps list`.\n' +
      'What stands after -- is given to it as it is, and its exit code is that of this command. Its login is its own:\n' +
      'begin with `hallpass flyctl -- auth login`. HALLPASS_FLYCTL names the program where it is not on the PATH.',
  },
})

export const flyctlRoutes = buildRouteMap<string, Context>({
  routes: withoutInheritance({ env, run }),
  defaultCommand: 'run',
  docs: { brief: 'Run flyctl at an authority, and nowhere else' },
})
