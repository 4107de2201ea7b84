// `hallpass apps create`: a new app in an organisation.
import { chooseOrganisation } from '../../choose.ts'
import { connect } from '../../connect.ts'
import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag, OrganisationFlag } from '../../flags.ts'
import { writeJson, writeLine } from '../../output.ts'

/** Creates the app. */
export async function createApp(
  context: Context,
  flags: GlobalFlags & JsonFlag & OrganisationFlag,
  name: string,
): Promise<void> {
  const client = await connect(context, flags)
  const made = await client.createApp({ name, org_slug: await chooseOrganisation(context, client, flags) })
  if (flags.json === true) writeJson(context, made)
  else writeLine(context, `New app created: ${made.name}`)
}
