// `hallpass orgs role`: makes a member an admin, or an admin a member.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeJson, writeLine } from '../../output.ts'

/** Changes the role and prints the new one. */
export async function changeRole(
  context: Context,
  flags: GlobalFlags & JsonFlag,
  slug: string,
  email: string,
  role: string,
): Promise<void> {
  if (role !== 'admin' && role !== 'member') {
    throw new CommandError('misused', `a role is admin or member, not ${JSON.stringify(role)}`)
  }
  const member = await (await connect(context, flags)).changeRole({ org_slug: slug, email, role })
  if (flags.json === true) writeJson(context, member)
  else writeLine(context, `${member.email} is ${member.role} of ${slug}`)
}
