// `hallpass orgs trust list`: which identity tokens an organisation exchanges.
import type { TrustPolicy } from '@hallpass/client'

import { connect } from '../../../connect.ts'
import type { Context } from '../../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../../flags.ts'
import { writeTable, wroteJson } from '../../../output.ts'

/** Prints a table of the policies, the oldest first. */
export async function listTrustPolicies(context: Context, flags: GlobalFlags & JsonFlag, slug: string): Promise<void> {
  const client = await connect(context, flags)
  const { trust_policies } = await client.listTrustPolicies({ org_slug: slug })
  if (wroteJson(context, flags, trust_policies)) return
  writeTable(
    context,
    ['ID', 'NAME', 'ISSUER', 'CLAIMS', 'GIVES'],
    trust_policies.map((policy) => [
      policy.id,
      policy.name,
      policy.issuer,
      describeClaims(policy).join(', '),
      describeTokens(policy),
    ]),
  )
}

export function describeClaims({ claims }: TrustPolicy): readonly string[] {
  return Object.entries(claims).map(([claim, values]) => `${claim}=${values.join('|')}`)
}

export function describeTokens({ app, lifetime, caveats }: TrustPolicy): string {
  const more = caveats.length === 0 ? '' : ', restricted further'
  return `${app === null ? 'org token' : `deploy token of ${app}`} for ${lifetime}${more}`
}
