// `hallpass orgs decline`: says no to an invitation.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags } from '../../flags.ts'
import { tell } from '../../output.ts'
import { isInvitationId } from './invitation-id.ts'

/** Declines one of the caller's own invitations. */
export async function declineInvitation(context: Context, flags: GlobalFlags, id: string): Promise<void> {
  if (!isInvitationId(id)) {
    throw new CommandError('misused', 'an invitation is declined by its id: see `hallpass orgs invitations`')
  }
  await (await connect(context, flags)).declineInvitation({ invitation_id: id })
  tell(context, 'The invitation is declined.')
}
