// `hallpass orgs remove`: takes a member out of an organisation.
import { confirm } from '../../ask.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, YesFlag } from '../../flags.ts'
import { tell, writeLine } from '../../output.ts'

/** Removes the member, after asking. */
export async function removeMember(
  context: Context,
  flags: GlobalFlags & YesFlag,
  slug: string,
  email: string,
): Promise<void> {
  const client = await connect(context, flags)
  await confirm(context, `Remove ${email} from ${slug}?`, flags.yes)
  await client.removeMember({ org_slug: slug, email })
  writeLine(context, `Removed ${email} from ${slug}`)
  tell(context, `The tokens that ${email} made stay alive: see \`hallpass tokens list -o ${slug}\``)
}
