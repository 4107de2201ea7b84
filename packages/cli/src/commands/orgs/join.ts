// `hallpass orgs join`: accepts an invitation.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags } from '../../credentials.ts'
import type { JsonFlag } from '../../flags.ts'
import { writeJson, writeTable } from '../../output.ts'
import { isInvitationId } from './invitation-id.ts'

/** Joins the organisation that the invitation names, by its code or by its id among one's own, and prints which it is. */
export async function joinOrganisation(context: Context, flags: GlobalFlags & JsonFlag, given: string): Promise<void> {
  const client = await connect(context, flags)
  const joined = isInvitationId(given)
    ? await client.acceptOwnInvitation({ invitation_id: given })
    : await client.acceptInvitation({ invitation: given })
  if (flags.json === true) writeJson(context, joined)
  else
    writeTable(context, ['NAME', 'SLUG', 'TYPE', 'ROLE'], [[joined.name, joined.slug, joined.type, joined.role ?? '']])
}
