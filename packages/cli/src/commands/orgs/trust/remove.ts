// `hallpass orgs trust remove`: nothing is exchanged under the policy any more, and what it gave is dead.
import { connect } from '../../../connect.ts'
import type { Context } from '../../../context.ts'
import { confirm } from '../../../ask.ts'
import { CommandError } from '../../../errors.ts'
import type { GlobalFlags, YesFlag } from '../../../flags.ts'
import { tell } from '../../../output.ts'

/** Removes the one policy with this id or name. */
export async function removeTrustPolicy(
  context: Context,
  flags: GlobalFlags & YesFlag,
  slug: string,
  name: string,
): Promise<void> {
  const client = await connect(context, flags)
  const { trust_policies } = await client.listTrustPolicies({ org_slug: slug })
  const found = trust_policies.filter((policy) => policy.id === name || policy.name === name)
  const [policy] = found
  if (policy === undefined)
    throw new CommandError('failed', `organization ${slug} has no trust policy of this name or id`)
  if (found.length > 1)
    throw new CommandError('failed', `several trust policies are called ${policy.name}: give the id`)
  await confirm(
    context,
    `Remove trust policy ${policy.name} of ${slug}, and revoke the tokens that it gave?`,
    flags.yes,
  )
  const { revoked_tokens, more_tokens } = await client.removeTrustPolicy({ org_slug: slug, policy_id: policy.id })
  const count = `${more_tokens ? 'more than ' : ''}${revoked_tokens} ${revoked_tokens === 1 ? 'token' : 'tokens'}`
  tell(
    context,
    `Trust policy ${policy.name} is removed, and ${count} that it gave ${revoked_tokens === 1 ? 'is' : 'are'} revoked.`,
  )
}
