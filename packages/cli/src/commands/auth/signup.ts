// `hallpass auth signup`: creates an account with a setup code or an invitation, and logs in.
import { askText } from '../../ask.ts'
import { connectAnonymously } from '../../connect.ts'
import { canAsk, type Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, PasswordFlag } from '../../flags.ts'
import { cleanCode } from '../../given-text.ts'
import { chooseLoginServer, keepLogin, readEmail, readPassword } from '../../login.ts'

interface SignUpFlags extends GlobalFlags, PasswordFlag {
  readonly setupCode?: string | undefined
  readonly invitation?: string | undefined
  readonly email?: string | undefined
}

/** Creates the account and keeps its login. */
export async function signUp(context: Context, flags: SignUpFlags): Promise<void> {
  const invitation = flags.invitation === undefined ? undefined : cleanCode(flags.invitation, '--invitation')
  const given = flags.setupCode === undefined ? undefined : cleanCode(flags.setupCode, '--setup-code')
  const isTwo = given !== undefined && invitation !== undefined
  const isNone = given === undefined && invitation === undefined
  if (isTwo || (isNone && !canAsk(context))) {
    throw new CommandError('misused', 'an account needs either --setup-code CODE or --invitation CODE')
  }
  const server = await chooseLoginServer(context, flags)
  const setupCode = isNone
    ? cleanCode(await askText(context, 'Setup code, as the authority printed it:'), 'the setup code')
    : given
  const email = await readEmail(context, flags.email)
  const password = await readPassword(context, flags.passwordStdin, { twice: true })
  const session = await connectAnonymously(context, server).signUp({
    email,
    password,
    ...(setupCode === undefined ? {} : { setup_code: setupCode }),
    ...(invitation === undefined ? {} : { invitation }),
  })
  await keepLogin(context, server, session)
}
