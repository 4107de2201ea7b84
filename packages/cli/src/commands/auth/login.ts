// `hallpass auth login`: exchanges a password for an auth token and keeps it.
import { connectAnonymously } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags } from '../../credentials.ts'
import type { PasswordFlag } from '../../flags.ts'
import { chooseLoginServer, keepLogin, readEmail, readPassword } from '../../login.ts'

interface LogInFlags extends GlobalFlags, PasswordFlag {
  readonly email?: string | undefined
}

/** Logs in and keeps the login. */
export async function logIn(context: Context, flags: LogInFlags): Promise<void> {
  const server = await chooseLoginServer(context, flags)
  const email = await readEmail(context, flags.email)
  const password = await readPassword(context, flags.passwordStdin, { twice: false })
  await keepLogin(context, server, await connectAnonymously(server).sessions.create({ email, password }))
}
