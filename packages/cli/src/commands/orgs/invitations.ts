// `hallpass orgs invitations`: the open invitations of an organisation, or the person's own.
import type { Client } from '@hallpass/client'

import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { tell, writeJson, writeTable, wroteJson } from '../../output.ts'
import { sayPerson } from '../../say-person.ts'

/** Prints a table of the invitations that can still be accepted: to the organisation, or without one the caller's own. */
export async function listInvitations(context: Context, flags: GlobalFlags & JsonFlag, slug?: string): Promise<void> {
  const client = await connect(context, flags)
  if (slug === undefined) return listOwnInvitations(context, flags, client)
  const { invitations } = await client.listInvitations({ org_slug: slug })
  if (wroteJson(context, flags, invitations)) return
  writeTable(
    context,
    ['ID', 'EMAIL', 'ROLE', 'INVITED BY', 'EXPIRES AT'],
    invitations.map(({ id, email, role, created_by, created_by_proven, expires_at }) => [
      String(id),
      email,
      role,
      sayPerson(created_by, created_by_proven),
      formatGoTime(expires_at),
    ]),
  )
}

async function listOwnInvitations(context: Context, flags: JsonFlag, client: Client): Promise<void> {
  const { invitations } = await client.listOwnInvitations()
  if (flags.json === true) writeJson(context, invitations)
  else {
    writeTable(
      context,
      ['ID', 'ORGANIZATION', 'ROLE', 'INVITED BY', 'EXPIRES AT'],
      invitations.map(({ id, org_name, role, created_by, created_by_proven, expires_at }) => [
        String(id),
        org_name,
        role,
        sayPerson(created_by, created_by_proven),
        formatGoTime(expires_at),
      ]),
    )
  }
  if (invitations.length > 0) return
  const { email, email_proven } = await client.showCurrentUser()
  if (email_proven) return
  tell(
    context,
    `You have not proven that ${email} is yours: join with the code of an invitation, which names the organization.`,
  )
}
