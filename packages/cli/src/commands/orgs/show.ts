// `hallpass orgs show`: one organisation and its members.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { formatGoTime } from '../../go-time.ts'
import { writeLine, writeTable, wroteJson } from '../../output.ts'
import { sayPerson } from '../../say-person.ts'

/** Prints the organisation, and a table of its members. */
export async function showOrganisation(context: Context, flags: GlobalFlags & JsonFlag, slug: string): Promise<void> {
  const found = await (await connect(context, flags)).showOrganisation({ org_slug: slug })
  if (wroteJson(context, flags, found)) return
  writeLine(context, `Name: ${found.name}`)
  writeLine(context, `Slug: ${found.slug}`)
  writeLine(context, `Type: ${found.type}`)
  writeLine(context, `Apps: ${found.app_count}`)
  if (found.require_membership_discharge !== 'none') {
    writeLine(context, `Tokens ask: ${found.require_membership_discharge}`)
  }
  if (!found.tokens_may_mint) writeLine(context, 'People alone make tokens')
  writeLine(context, '')
  writeTable(
    context,
    ['MEMBER', 'ROLE', 'JOINED AT'],
    found.members.map(({ email, email_proven, role, joined_at }) => [
      sayPerson(email, email_proven),
      role,
      formatGoTime(joined_at),
    ]),
  )
}
