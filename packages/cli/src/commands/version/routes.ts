// The grammar of `hallpass version`.
import { command } from '../../routes.ts'

export const versionCommand = command({
  load: async () => (await import('./version.ts')).showVersion,
  brief: 'Print the version',
})
