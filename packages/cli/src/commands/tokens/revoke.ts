// `hallpass tokens revoke`: kills tokens, all that were attenuated from them, and all that they minted.
import type { RevokedToken } from '@hallpass/client'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags } from '../../credentials.ts'
import { CommandError } from '../../errors.ts'
import type { JsonFlag } from '../../flags.ts'
import { tell, writeJson, writeLine } from '../../output.ts'

interface RevokeFlags extends GlobalFlags, JsonFlag {
  readonly only?: boolean | undefined
}

/** Revokes each token; one that cannot be revoked does not keep the others alive. */
export async function revokeTokens(context: Context, flags: RevokeFlags, ...ids: readonly string[]): Promise<void> {
  const client = await connect(context, flags)
  const descendants = flags.only === true ? 'keep' : 'revoke'
  const revoked: RevokedToken[] = []
  for (const id of ids) {
    try {
      const done = await client.tokens.revoke(id, { descendants })
      revoked.push(done)
      if (flags.json !== true) writeLine(context, `Revoked ${id}${describeDescendants(done)}`)
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

function describeDescendants({ revoked_descendants: count, more_descendants: more }: RevokedToken): string {
  if (more) return `, and more than ${count} tokens that it made`
  if (count === 0) return ''
  return count === 1 ? ', and 1 token that it made' : `, and ${count} tokens that it made`
}
