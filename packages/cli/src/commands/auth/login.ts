// `hallpass auth login`: gets an auth token through the browser, or for a password, and keeps it.
import { connectAnonymously } from '../../connect.ts'
import { canAsk, type Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, PasswordFlag } from '../../flags.ts'
import { chooseLoginServer, keepLogin, readPassword } from '../../login.ts'

interface LogInFlags extends GlobalFlags, PasswordFlag {
  readonly email?: string | undefined
}

/** Logs in and keeps the login. */
export async function logIn(context: Context, flags: LogInFlags): Promise<void> {
  const { email, passwordStdin } = flags
  if (email === undefined && (passwordStdin === true || !canAsk(context))) {
    throw new CommandError(
      'misused',
      'without a terminal, name the account with --email EMAIL and pipe its password in with --password-stdin',
    )
  }
  const server = await chooseLoginServer(context, flags)
  const client = connectAnonymously(context, server)
  if (email === undefined) {
    const { logInThroughBrowser } = await import('../../browser-login/browser-login.ts')
    await keepLogin(context, server, await logInThroughBrowser(context, client))
    return
  }
  const password = await readPassword(context, passwordStdin, { twice: false })
  await keepLogin(context, server, await client.signIn({ email, password }))
}
