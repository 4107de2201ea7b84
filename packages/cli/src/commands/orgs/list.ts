// `hallpass orgs list`: the organisations that the credential reaches.
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeJson, writeTable } from '../../output.ts'

/** Prints name, slug, type and the caller's role of each. */
export async function listOrganisations(context: Context, flags: GlobalFlags & JsonFlag): Promise<void> {
  const answer = await (await connect(context, flags)).listOrganisations()
  if (flags.json === true) writeJson(context, answer)
  else {
    writeTable(
      context,
      ['NAME', 'SLUG', 'TYPE', 'ROLE'],
      answer.orgs.map(({ name, slug, type, role }) => [name, slug, type, role ?? '']),
    )
  }
}
