// `hallpass orgs delete`: ends an organisation and its tokens.
import { confirm } from '../../ask.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, YesFlag } from '../../flags.ts'
import { writeLine } from '../../output.ts'

/** Deletes the organisation, after asking. */
export async function deleteOrganisation(context: Context, flags: GlobalFlags & YesFlag, slug: string): Promise<void> {
  const client = await connect(context, flags)
  await confirm(context, `Delete the organization ${slug} and all its tokens?`, flags.yes)
  await client.deleteOrganisation({ org_slug: slug })
  writeLine(context, `Deleted organization ${slug}`)
}
