// `hallpass orgs join`: accepts an invitation.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags } from '../../credentials.ts'
import type { JsonFlag } from '../../flags.ts'
import { writeJson, writeTable } from '../../output.ts'

/** Joins the organisation that the invitation names, and prints which it is. */
export async function joinOrganisation(context: Context, flags: GlobalFlags & JsonFlag, code: string): Promise<void> {
  const joined = await (await connect(context, flags)).organisations.acceptInvitation(code)
  if (flags.json === true) writeJson(context, joined)
  else
    writeTable(context, ['NAME', 'SLUG', 'TYPE', 'ROLE'], [[joined.name, joined.slug, joined.type, joined.role ?? '']])
}
