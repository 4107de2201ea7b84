// `hallpass orgs join`: accepts an invitation.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { cleanCode } from '../../given-text.ts'
import { writeJson, writeTable } from '../../output.ts'
import { isInvitationId } from './invitation-id.ts'

/** Joins the organisation of an invitation, by its code or by the id of an own invitation, and prints its name. */
export async function joinOrganisation(context: Context, flags: GlobalFlags & JsonFlag, given: string): Promise<void> {
  const code = isInvitationId(given) ? undefined : cleanCode(given, 'the invitation')
  const client = await connect(context, flags)
  const joined =
    code === undefined
      ? await client.acceptOwnInvitation({ invitation_id: given })
      : await client.acceptInvitation({ invitation: code })
  if (flags.json === true) writeJson(context, joined)
  else
    writeTable(context, ['NAME', 'SLUG', 'TYPE', 'ROLE'], [[joined.name, joined.slug, joined.type, joined.role ?? '']])
}
