// The grammar of `hallpass tour`.
import { buildCommand } from '@stricli/core'

import { globalAliases, globalFlags } from '../../flags.ts'
import { withContext } from '../../routes.ts'

export const tourCommand = buildCommand({
  loader: async () => withContext((await import('./tour.ts')).giveTour),
  parameters: { flags: globalFlags, aliases: globalAliases },
  docs: {
    brief: 'See what org tokens do, live, in a few seconds',
    fullDescription:
      'Start a throw-away authority, play the story of an org token with real commands, and remove everything.\n' +
      'Nothing of yours is touched: neither your login nor a running authority.',
  },
})
