// `hallpass orgs withdraw`: takes back an invitation that was not accepted yet.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags } from '../../flags.ts'
import { tell } from '../../output.ts'

/** Withdraws the invitation of this address. */
export async function withdrawInvitation(
  context: Context,
  flags: GlobalFlags,
  slug: string,
  email: string,
): Promise<void> {
  const client = await connect(context, flags)
  const { invitations } = await client.listInvitations({ org_slug: slug })
  const invitation = invitations.find((candidate) => candidate.email === email.toLowerCase())
  if (invitation === undefined) throw new CommandError('failed', `no invitation of ${email} is open in ${slug}`)
  await client.withdrawInvitation({ org_slug: slug, invitation_id: invitation.id })
  tell(context, `The invitation of ${invitation.email} is withdrawn.`)
}
