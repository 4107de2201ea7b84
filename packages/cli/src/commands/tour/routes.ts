// The grammar of `hallpass tour`.
import { globalFlags } from '../../flags.ts'
import { command } from '../../routes.ts'

export const tourCommand = command({
  load: async () => (await import('./tour.ts')).giveTour,
  flags: globalFlags,
  brief: 'See what org tokens do, live, in a few seconds',
  description:
    'Start a throw-away authority, play the story of an org token with real commands, and remove everything.\n' +
    'Nothing of yours is touched: neither your login nor a running authority.',
})
