// `hallpass tokens show`: one token, and where it was used.
import { ApiError, type Client, type ShownToken } from '@hallpass/client'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { writeLine, writeTable, wroteJson } from '../../output.ts'
import { sayPerson } from '../../say-person.ts'
import { sayLastUse } from './last-use.ts'

/** Prints what is remembered of the token, never the token itself. */
export async function showToken(context: Context, flags: GlobalFlags & JsonFlag, id: string): Promise<void> {
  const client = await connect(context, flags)
  const token = await client.showToken({ token_id: id })
  if (wroteJson(context, flags, token)) return
  describeToken(context, token, await findReplaced(client, token))
}

/** The token that this one replaces, if it is still remembered. */
async function findReplaced(client: Client, { predecessor_id }: ShownToken): Promise<ShownToken | undefined> {
  if (predecessor_id === null) return undefined
  try {
    return await client.showToken({ token_id: predecessor_id })
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not_found') return undefined
    throw error
  }
}

function describeToken(context: Context, token: ShownToken, replaced: ShownToken | undefined): void {
  const { created_by, created_by_proven, last_used_operation, last_used_agent, used_from, revoked_derived } = token
  const lines = [
    ['ID', token.id],
    ['Name', token.name],
    ['State', token.state],
    ['Blocked', token.blocked?.sentence ?? null],
    ['Organization', token.org_slug],
    ['App', token.app],
    ['Machine', token.machine],
    ['Created by', sayPerson(created_by, created_by_proven)],
    ['Made by token', token.minted_by],
    ['Replaces', token.predecessor_id],
    ['That one was last used', replaced === undefined ? null : sayUseOf(replaced)],
    ['Replaced by', token.successor_id],
    ['Created at', formatGoTime(token.created_at)],
    ['Expires at', formatGoTime(token.expires_at)],
    ['Revoked at', token.revoked_at && formatGoTime(token.revoked_at)],
    ['Revoked by', token.revoked_by],
    ['Last used', sayLastUse(token)],
    ['Last used for', last_used_operation],
    ['Last used by', last_used_agent],
  ] as const
  for (const [what, value] of lines) if (value !== null && value !== '') writeLine(context, `${what}: ${value}`)
  writeFurther(
    context,
    ['USED FROM', 'LAST'],
    used_from.map(({ ip, at }) => [ip, formatGoTime(at)]),
  )
  writeFurther(
    context,
    ['REVOKED DERIVED TOKEN', 'REVOKED AT', 'REVOKED BY'],
    revoked_derived.map(({ id, revoked_at, revoked_by }) => [id, formatGoTime(revoked_at), revoked_by]),
  )
}

function writeFurther(context: Context, head: readonly string[], rows: readonly (readonly string[])[]): void {
  if (rows.length === 0) return
  writeLine(context, '')
  writeTable(context, head, rows)
}

/** Whoever still uses it must get the new one. */
function sayUseOf(token: ShownToken): string {
  const when = sayLastUse(token)
  return token.last_used_ip === null ? when : `${when} from ${token.last_used_ip}`
}
