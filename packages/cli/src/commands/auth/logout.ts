// `hallpass auth logout`: ends the login at the authority and forgets it here.
import { describeNoToken } from '@hallpass/client/pasted-token'

import { locateConfig, readConfig, writeConfig } from '../../config-file.ts'
import { createClientAt } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { chooseServer, findTokenVariable, serverOfLogin } from '../../credentials.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags } from '../../flags.ts'
import { tell } from '../../output.ts'
import { normaliseServer } from '../../server-url.ts'

/** Ends the login of the file; a token given by flag or environment is no login, and is revoked instead. */
export async function logOut(context: Context, flags: GlobalFlags): Promise<void> {
  if (flags.accessToken !== undefined) {
    throw new CommandError(
      'misused',
      'logging out ends your own login: a token is ended with `hallpass tokens revoke ID`',
    )
  }
  const file = locateConfig(context.environment)
  const config = await readConfig(file)
  const server = serverOfLogin(config)
  if (flags.apiUrl !== undefined && normaliseServer(flags.apiUrl, '--api-url') !== server) {
    throw new CommandError('failed', `your login is at ${server}, not at the address given with --api-url`)
  }
  if (config.access_token === undefined) {
    tell(context, 'Not logged in')
    return
  }
  const next = chooseServer({}, context.environment, { api_url: server })
  try {
    // A text that is no token is dead anyway, and is sent to nobody.
    if (describeNoToken(config.access_token) === undefined) {
      await createClientAt(context, server, { token: config.access_token }).signOut()
    }
  } catch (error) {
    // A token that is refused as unknown is dead already; after any other failure it lives until it expires.
    if (!isDead(error)) {
      tell(context, `Warning: ${server} did not confirm the logout, so the auth token lives until it expires`)
    }
  }
  await writeConfig(file, { api_url: server })
  tell(context, `Logged out from ${server}`)
  const variable = findTokenVariable(context.environment, next)
  if (variable !== undefined) tell(context, `Note: ${variable} is still set, and will be used`)
}

function isDead(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'unauthenticated'
}
