// The grammar of `hallpass users`: accounts, for the operator of the authority.
import { jsonFlag, switchFlag, textFlag, word, yesFlag } from '../../flags.ts'
import { command, group, words } from '../../routes.ts'
import { installationFlags } from '../../setting-flags.ts'

const email = word('Email address of the account', 'email')

const list = command({
  load: async () => (await import('./list.ts')).listUsers,
  flags: { ...installationFlags, ...jsonFlag },
  brief: 'List the accounts, and whether their addresses are proven',
})

const reset = command({
  load: async () => (await import('./reset.ts')).resetUser,
  flags: {
    ...installationFlags,
    publicUrl: textFlag('Address that people reach the authority at, or HALLPASS_PUBLIC_URL', 'url'),
    ...yesFlag,
    ...jsonFlag,
  },
  positional: words(email),
  brief: 'End every way into an account, and print a link with which its owner sets a new password',
  description:
    'End the logins, passkeys and password of an account, and print a link that works once, within a day. Hand it to\n' +
    'nobody but the owner of the address: opening it proves the address.',
})

const deleteCommand = command({
  load: async () => (await import('./delete.ts')).deleteUser,
  flags: {
    ...installationFlags,
    evenLastAdmin: switchFlag('Delete also the last admin of an organization, which has none then'),
    ...yesFlag,
  },
  positional: words(email),
  brief: 'Delete an account with its personal organization',
  description:
    'Delete an account, its memberships, and its personal organization with all apps and tokens of that. The tokens that\n' +
    'the person made for other organizations stay alive until they are revoked.',
})

export const usersRoutes = group({
  brief: 'Look after the accounts of an authority that you run',
  description:
    'Look after the accounts of an authority, on its data directory or database: it may run meanwhile. All that is done\n' +
    'stands in the audit trail, as done by the operator.',
  routes: { list, reset, delete: deleteCommand },
  aliases: { ls: 'list' },
})
