// The grammar of `hallpass completion`, and of what the shells ask with.
import { buildCommand } from '@stricli/core'

import type { Context } from '../../context.ts'
import { word } from '../../flags.ts'
import { withContext } from '../../routes.ts'
import { shells } from './scripts.ts'

export const completionCommand = buildCommand<object, [string], Context>({
  loader: async () => withContext((await import('./completion.ts')).printScript),
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ ...word('bash, zsh or fish', 'shell'), proposeCompletions: () => [...shells] }],
    },
  },
  docs: {
    brief: 'Print what makes a shell complete commands and flags',
    fullDescription:
      'Print what makes a shell complete commands, flags and their values when you press Tab: slugs of organizations and\n' +
      'names of apps too, for which the authority is asked. To have it always, write:\n' +
      '  eval "$(hallpass completion bash)"      in ~/.bashrc\n' +
      '  eval "$(hallpass completion zsh)"       in ~/.zshrc\n' +
      '  hallpass completion fish | source       in ~/.config/fish/config.fish',
  },
})

export const completeCommand = buildCommand<object, string[], Context>({
  loader: async () => withContext((await import('./complete.ts')).proposeWords),
  parameters: { positional: { kind: 'array', parameter: word('What is typed, the word to complete last', 'word') } },
  docs: { brief: 'What a shell asks when somebody presses Tab' },
})
