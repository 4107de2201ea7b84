// `hallpass orgs invitations`: who was asked to join an organisation and has not yet.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags } from '../../credentials.ts'
import type { JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { writeJson, writeTable } from '../../output.ts'
import { sayPerson } from '../../say-person.ts'

/** Prints a table of the invitations that can still be accepted. */
export async function listInvitations(context: Context, flags: GlobalFlags & JsonFlag, slug: string): Promise<void> {
  const { invitations } = await (await connect(context, flags)).organisations.invitations(slug)
  if (flags.json === true) {
    writeJson(context, invitations)
    return
  }
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
