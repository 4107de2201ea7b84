// `hallpass orgs policy show`: the limits that an organisation sets for its tokens.
import type { TokenPolicy } from '@hallpass/client'

import { connect } from '../../../connect.ts'
import type { Context } from '../../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../../flags.ts'
import { writeLine, wroteJson } from '../../../output.ts'

export async function showTokenPolicy(context: Context, flags: GlobalFlags & JsonFlag, slug: string): Promise<void> {
  const policy = await (await connect(context, flags)).showTokenPolicy({ org_slug: slug })
  if (!wroteJson(context, flags, policy)) writePolicy(context, policy)
}

/** A line for each limit. */
export function writePolicy(context: Context, policy: TokenPolicy): void {
  writeLine(context, `Longest lifetime: ${policy.max_token_lifetime ?? 'none'}`)
  writeLine(context, `Default lifetime: ${policy.default_token_lifetime ?? 'none'}`)
  writeLine(context, `Tokens make tokens: ${sayWhether(policy.tokens_may_mint)}`)
  writeLine(context, `Only admins make org tokens: ${sayWhether(policy.only_admins_mint)}`)
  writeLine(context, `An admin approves tokens: ${sayWhether(policy.approval)}`)
  writeLine(context, `Networks: ${policy.networks.length === 0 ? 'everywhere' : policy.networks.join(', ')}`)
}

function sayWhether(is: boolean): string {
  return is ? 'yes' : 'no'
}
