// `hallpass tokens create org`: a token for every app of one organisation.
import type { Context } from '../../context.ts'
import type { OrganisationFlag } from '../../flags.ts'
import { mintForOrganisation, writeToken, type MintFlags } from '../../mint.ts'

/** Mints an org token and prints it. */
export async function createOrgToken(
  context: Context,
  flags: MintFlags & OrganisationFlag,
  slug?: string,
): Promise<void> {
  await writeToken(context, flags, await mintForOrganisation(context, flags, { profile: 'deploy_organization' }, slug))
}
