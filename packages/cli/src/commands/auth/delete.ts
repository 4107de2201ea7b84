// `hallpass auth delete`: deletes the person's own account.
import { confirm } from '../../ask.ts'
import { locateConfig, readConfig, writeConfig } from '../../config-file.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { chooseConnection } from '../../credentials.ts'
import type { GlobalFlags, YesFlag } from '../../flags.ts'
import { tell, writeLine } from '../../output.ts'

/** Deletes it after asking, and forgets the login. The authority wants a login that is not older than ten minutes. */
export async function deleteAccount(context: Context, flags: GlobalFlags & YesFlag): Promise<void> {
  const { server, token } = await chooseConnection(flags, context.environment)
  const client = await connect(context, flags)
  const { email } = await client.showCurrentUser()
  const question = `Delete the account of ${email} at ${server}, and its personal organization with all apps and tokens?`
  await confirm(context, question, flags.yes)
  await client.deleteCurrentUser()
  writeLine(context, `Deleted ${email}`)
  tell(context, 'The tokens that you made for other organizations stay alive until they are revoked.')
  // The stored login may differ from the credential in use.
  const file = locateConfig(context.environment)
  const config = await readConfig(file)
  if (config.access_token === token) await writeConfig(file, { api_url: server })
}
