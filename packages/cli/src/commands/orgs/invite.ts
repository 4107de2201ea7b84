// `hallpass orgs invite`: makes a code with which a person joins.
import type { Role } from '@hallpass/client'
import { printable } from '@hallpass/client/visible-text'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import { chooseConnection } from '../../credentials.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatJson, tell, writeOnce } from '../../output.ts'
import { defaultServer } from '../../server-url.ts'

interface InviteFlags extends GlobalFlags, JsonFlag {
  readonly role: Role
}

/** Prints the code to stdout, and to stderr what the invited person does with it. */
export async function inviteMember(context: Context, flags: InviteFlags, slug: string, email: string): Promise<void> {
  const { server } = await chooseConnection(flags, context.environment)
  const invitation = await (await connect(context, flags)).inviteMember({ org_slug: slug, email, role: flags.role })
  const lost = `the invitation is there: withdraw it with \`hallpass orgs withdraw ${slug} ${invitation.email}\``
  await writeOnce(context, flags.json === true ? formatJson(invitation) : printable(invitation.code), lost)
  if (invitation.replaced) tell(context, `The earlier invitation of ${invitation.email} no longer works.`)
  const address = server === defaultServer ? '' : ` --api-url ${server}`
  tell(
    context,
    invitation.mailed ? `${invitation.email} was sent this link:` : `Hand this link to ${invitation.email}:`,
  )
  tell(context, `  ${invitation.url}`)
  tell(context, 'On the command line, a person without an account runs:')
  tell(context, `  hallpass auth signup --invitation ${invitation.code} --email ${invitation.email}${address}`)
  tell(context, 'and a person who is logged in runs:')
  tell(context, `  hallpass orgs join ${invitation.code}${address}`)
}
