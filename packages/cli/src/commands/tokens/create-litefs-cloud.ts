// `hallpass tokens create litefs-cloud`: a token for one LiteFS Cloud cluster.
import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { OrganisationFlag } from '../../flags.ts'
import { mintForOrganisation, writeToken, type MintFlags } from '../../mint.ts'

interface LitefsCloudFlags extends MintFlags, OrganisationFlag {
  readonly cluster?: string | undefined
}

/** Mints the token and prints it. */
export async function createLitefsCloudToken(context: Context, flags: LitefsCloudFlags): Promise<void> {
  const { cluster } = flags
  if (cluster === undefined || cluster === '') {
    throw new CommandError('misused', 'no cluster is given: name one with --cluster NAME')
  }
  await writeToken(context, flags, await mintForOrganisation(context, flags, { profile: 'litefs_cloud', cluster }))
}
