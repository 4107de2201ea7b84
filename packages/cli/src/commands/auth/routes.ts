// The grammar of `hallpass auth`.
import { buildCommand, buildRouteMap } from '@stricli/core'

import type { Context } from '../../context.ts'
import { globalAliases, globalFlags, jsonFlag, passwordFlag, textFlag, yesFlag } from '../../flags.ts'
import { withContext, withoutInheritance } from '../../routes.ts'

const signup = buildCommand({
  loader: async () => withContext((await import('./signup.ts')).signUp),
  parameters: {
    flags: {
      setupCode: textFlag('Code that a new authority printed when it started', 'code'),
      invitation: textFlag('Code of an invitation to an organization', 'code'),
      email: textFlag('Email address of the account', 'email'),
      ...passwordFlag,
      ...globalFlags,
    },
    aliases: globalAliases,
  },
  docs: {
    brief: 'Create an account and log in',
    fullDescription:
      'Create an account with the setup code of a new authority or with an invitation, and log in.\n' +
      'At a terminal the setup code is asked for. The password is asked for, or read from standard input with --password-stdin.',
  },
})

const login = buildCommand({
  loader: async () => withContext((await import('./login.ts')).logIn),
  parameters: {
    flags: { email: textFlag('Email address of the account', 'email'), ...passwordFlag, ...globalFlags },
    aliases: globalAliases,
  },
  docs: {
    brief: 'Log in',
    fullDescription:
      'Log in and keep the auth token in a file that only you may read.\n' +
      'You approve it in your browser, on a page of the authority. With --email there is no browser: the password is\n' +
      'asked for, or read from standard input with --password-stdin.',
  },
})

const logout = buildCommand({
  loader: async () => withContext((await import('./logout.ts')).logOut),
  parameters: { flags: globalFlags, aliases: globalAliases },
  docs: {
    brief: 'Log out',
    fullDescription: 'End the login: the auth token is dead from then on, and forgotten here.',
  },
})

const whoami = buildCommand({
  loader: async () => withContext((await import('./whoami.ts')).showWhoami),
  parameters: { flags: { ...jsonFlag, ...globalFlags }, aliases: { ...globalAliases, j: 'json' } },
  docs: { brief: 'Show who you are to the authority, or what your token is' },
})

const token = buildCommand({
  loader: async () => withContext((await import('./token.ts')).showToken),
  parameters: { flags: { ...jsonFlag, ...globalFlags }, aliases: { ...globalAliases, j: 'json' } },
  docs: { brief: 'Print the credential that commands use' },
})

const deleteCommand = buildCommand({
  loader: async () => withContext((await import('./delete.ts')).deleteAccount),
  parameters: { flags: { ...yesFlag, ...globalFlags }, aliases: { ...globalAliases, y: 'yes' } },
  docs: {
    brief: 'Delete your account',
    fullDescription:
      'Delete your account, your memberships, and your personal organization with all apps and tokens of that. It takes a\n' +
      'login that is not older than ten minutes. As the last admin of an organization you stay, until there is another.',
  },
})

export const authRoutes = buildRouteMap<string, Context>({
  routes: withoutInheritance({ login, logout, signup, token, whoami, delete: deleteCommand }),
  docs: { brief: 'Log in and out, and see as whom' },
})
