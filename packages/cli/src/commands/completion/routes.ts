// The grammar of `hallpass completion`, and of what the shells ask with.
import { word } from '../../flags.ts'
import { command, words } from '../../routes.ts'
import { shells } from './scripts.ts'

export const completionCommand = command({
  load: async () => (await import('./completion.ts')).printScript,
  positional: words({ ...word('bash, zsh or fish', 'shell'), proposeCompletions: () => [...shells] }),
  brief: 'Print what makes a shell complete commands and flags',
  description:
    'Print what makes a shell complete commands, flags and their values when you press Tab: slugs of organizations and\n' +
    'names of apps too, for which the authority is asked. To have it always, write:\n' +
    '  eval "$(hallpass completion bash)"      in ~/.bashrc\n' +
    '  eval "$(hallpass completion zsh)"       in ~/.zshrc\n' +
    '  hallpass completion fish | source       in ~/.config/fish/config.fish',
})

export const completeCommand = command({
  load: async () => (await import('./complete.ts')).proposeWords,
  positional: { kind: 'array', parameter: word('What is typed, the word to complete last', 'word') },
  brief: 'What a shell asks when somebody presses Tab',
})
