// `hallpass tokens revoke`: kills tokens, and all that were attenuated from them.
import type { Token } from '@hallpass/client'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags } from '../../credentials.ts'
import { CommandError } from '../../errors.ts'
import type { JsonFlag } from '../../flags.ts'
import { tell, writeJson, writeLine } from '../../output.ts'

/** Revokes each token; one that cannot be revoked does not keep the others alive. */
export async function revokeTokens(
  context: Context,
  flags: GlobalFlags & JsonFlag,
  ...ids: readonly string[]
): Promise<void> {
  const client = await connect(context, flags)
  const revoked: Token[] = []
  for (const id of ids) {
    try {
      revoked.push(await client.tokens.revoke(id))
      if (flags.json !== true) writeLine(context, `Revoked ${id}`)
    } catch (error) {
      tell(context, `failed to revoke token ${id}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (flags.json === true) writeJson(context, { tokens: revoked })
  else writeLine(context, `${revoked.length} ${revoked.length === 1 ? 'token' : 'tokens'} revoked`)
  const failures = ids.length - revoked.length
  if (failures > 0) {
    throw new CommandError('failed', `${failures} of ${ids.length} tokens could not be revoked`)
  }
}
