// The grammar of `hallpass users`: accounts, in the hands of whoever runs the authority.
import { buildCommand, buildRouteMap } from '@stricli/core'

import type { Context } from '../../context.ts'
import { jsonFlag, switchFlag, textFlag, word, yesFlag } from '../../flags.ts'
import { withContext, withoutInheritance } from '../../routes.ts'
import { installationFlags } from '../../setting-flags.ts'

const email = word('Email address of the account', 'email')

const list = buildCommand({
  loader: async () => withContext((await import('./list.ts')).listUsers),
  parameters: { flags: { ...installationFlags, ...jsonFlag }, aliases: { j: 'json' } },
  docs: { brief: 'List the accounts, and whether their addresses are proven' },
})

const reset = buildCommand({
  loader: async () => withContext((await import('./reset.ts')).resetUser),
  parameters: {
    flags: {
      ...installationFlags,
      publicUrl: textFlag('Address that people reach the authority at, or HALLPASS_PUBLIC_URL', 'url'),
      ...yesFlag,
      ...jsonFlag,
    },
    aliases: { y: 'yes', j: 'json' },
    positional: { kind: 'tuple', parameters: [email] },
  },
  docs: {
    brief: 'End every way into an account, and print a link with which its owner sets a new password',
    fullDescription:
      'End the logins, passkeys and password of an account, and print a link that works once, within a day. Hand it to\n' +
      'nobody but the owner of the address: who opens it counts as such from then on.',
  },
})

const deleteCommand = buildCommand({
  loader: async () => withContext((await import('./delete.ts')).deleteUser),
  parameters: {
    flags: {
      ...installationFlags,
      evenLastAdmin: switchFlag('Delete also the last admin of an organization, which has none then'),
      ...yesFlag,
    },
    aliases: { y: 'yes' },
    positional: { kind: 'tuple', parameters: [email] },
  },
  docs: {
    brief: 'Delete an account with its personal organization',
    fullDescription:
      'Delete an account, its memberships, and its personal organization with all apps and tokens of that. The tokens that\n' +
      'the person made for other organizations stay alive until they are revoked.',
  },
})

export const usersRoutes = buildRouteMap<string, Context>({
  routes: withoutInheritance({ list, reset, delete: deleteCommand }),
  aliases: { ls: 'list' },
  docs: {
    brief: 'Look after the accounts of an authority that you run',
    fullDescription:
      'Look after the accounts of an authority, on its data directory or database: it may run meanwhile. All that is done\n' +
      'stands in the audit trail, as done by the operator.',
  },
})
