// `hallpass orgs update`: the settings of an organisation.
import type { MembershipDemand } from '@hallpass/client'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeLine, wroteJson } from '../../output.ts'

interface UpdateFlags extends GlobalFlags, JsonFlag {
  readonly name?: string | undefined
  readonly requireMembership?: MembershipDemand | undefined
  readonly tokensMayMint?: boolean | undefined
}

const demands = {
  none: 'ask nobody',
  member: 'ask whether the person in whose name they were made is still a member',
  login: 'ask that the person in whose name they were made confirms their use',
} as const

/** Changes the settings that are given, and prints them. */
export async function updateOrganisation(context: Context, flags: UpdateFlags, slug: string): Promise<void> {
  const { name, requireMembership, tokensMayMint } = flags
  if (name === undefined && requireMembership === undefined && tokensMayMint === undefined) {
    throw new CommandError(
      'misused',
      'nothing to change is given: say what with --name, --require-membership or --tokens-may-mint',
    )
  }
  const client = await connect(context, flags)
  const changed = await client.updateOrganisation({
    org_slug: slug,
    ...(name === undefined ? {} : { name }),
    ...(tokensMayMint === undefined ? {} : { tokens_may_mint: tokensMayMint }),
    ...(requireMembership === undefined ? {} : { require_membership_discharge: requireMembership }),
  })
  if (wroteJson(context, flags, changed)) return
  writeLine(context, `Name: ${changed.name}`)
  writeLine(context, `Tokens made from now on ${demands[changed.require_membership_discharge]}`)
  writeLine(context, changed.tokens_may_mint ? 'Tokens may make tokens' : 'People alone make tokens')
}
