// The grammar of `hallpass auth`.
import { globalFlags, jsonFlag, passwordFlag, textFlag, yesFlag } from '../../flags.ts'
import { command, group } from '../../routes.ts'

const signup = command({
  load: async () => (await import('./signup.ts')).signUp,
  flags: {
    setupCode: textFlag('Code that a new authority printed when it started', 'code'),
    invitation: textFlag('Code of an invitation to an organization', 'code'),
    email: textFlag('Email address of the account', 'email'),
    ...passwordFlag,
    ...globalFlags,
  },
  brief: 'Create an account and log in',
  description:
    'Create an account with the setup code of a new authority or with an invitation, and log in.\n' +
    'At a terminal the setup code is asked for. The password is asked for, or read from standard input with --password-stdin.',
})

const login = command({
  load: async () => (await import('./login.ts')).logIn,
  flags: { email: textFlag('Email address of the account', 'email'), ...passwordFlag, ...globalFlags },
  brief: 'Log in',
  description:
    'Log in and keep the auth token in a file that only you may read.\n' +
    'You approve it in your browser, on a page of the authority. With --email there is no browser: the password is\n' +
    'asked for, or read from standard input with --password-stdin.',
})

const logout = command({
  load: async () => (await import('./logout.ts')).logOut,
  flags: globalFlags,
  brief: 'Log out',
  description: 'End the login: the auth token is dead at once, and removed from the file here.',
})

const whoami = command({
  load: async () => (await import('./whoami.ts')).showWhoami,
  flags: { ...jsonFlag, ...globalFlags },
  brief: 'Show who you are to the authority, or what your token is',
})

const token = command({
  load: async () => (await import('./token.ts')).showToken,
  flags: { ...jsonFlag, ...globalFlags },
  brief: 'Print the credential that commands use',
})

const deleteCommand = command({
  load: async () => (await import('./delete.ts')).deleteAccount,
  flags: { ...yesFlag, ...globalFlags },
  brief: 'Delete your account',
  description:
    'Delete your account, your memberships, and your personal organization with all apps and tokens of that. It takes a\n' +
    'login that is not older than ten minutes. As the last admin of an organization you stay, until there is another.',
})

export const authRoutes = group({
  brief: 'Log in and out, and see as whom',
  routes: { login, logout, signup, token, whoami, delete: deleteCommand },
})
