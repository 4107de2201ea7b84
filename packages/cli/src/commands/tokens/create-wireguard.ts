// `hallpass tokens create wireguard`: a token that may manage the WireGuard peers of one organisation.
import type { Context } from '../../context.ts'
import type { OrganisationFlag } from '../../flags.ts'
import { mintForOrganisation, writeToken, type MintFlags } from '../../mint.ts'
import { narrowToWireGuard } from '../../narrow.ts'

/** Mints an org token, narrows it and prints it. */
export async function createWireGuardToken(
  context: Context,
  flags: MintFlags & OrganisationFlag,
  slug?: string,
): Promise<void> {
  const minted = await mintForOrganisation(context, flags, { profile: 'deploy_organization' }, slug)
  await writeToken(context, flags, minted, narrowToWireGuard(minted.token))
}
