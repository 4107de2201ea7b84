// `hallpass auth token`: prints the credential that commands use.
import { printable } from '@hallpass/client/visible-text'

import type { Context } from '../../context.ts'
import { chooseConnection } from '../../credentials.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatJson, writeOnce } from '../../output.ts'

/** Prints the credential in use; nothing is asked of the authority. */
export async function showToken(context: Context, flags: GlobalFlags & JsonFlag): Promise<void> {
  const { token } = await chooseConnection(flags, context.environment)
  const lost = 'it is still in use'
  await writeOnce(context, flags.json === true ? formatJson({ token }) : printable(token), lost)
}
