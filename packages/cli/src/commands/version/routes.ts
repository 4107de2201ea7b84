// The grammar of `hallpass version`.
import { buildCommand } from '@stricli/core'

import type { Context } from '../../context.ts'
import { withContext } from '../../routes.ts'

export const versionCommand = buildCommand<object, [], Context>({
  loader: async () => withContext((await import('./version.ts')).showVersion),
  parameters: {},
  docs: { brief: 'Print the version' },
})
