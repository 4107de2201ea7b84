// `hallpass tokens create readonly`: a token that may look at one organisation and change nothing.
import type { Context } from '../../context.ts'
import { chooseHeldToken } from '../../credentials.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag, OrganisationFlag } from '../../flags.ts'
import { mintForOrganisation, readExpiry, writeToken } from '../../mint.ts'
import { narrowToReading } from '../../narrow.ts'
import { readNetworks } from '../../network-flag.ts'
import { writeJson, writeLine } from '../../output.ts'

interface ReadonlyFlags extends GlobalFlags, JsonFlag, OrganisationFlag {
  readonly expiry?: string | undefined
  readonly name: string
  readonly from?: readonly string[] | undefined
  readonly fromExisting?: boolean | undefined
}

/** Mints an org token and narrows it, or narrows the credential in use without asking anyone. */
export async function createReadonlyToken(context: Context, flags: ReadonlyFlags, slug?: string): Promise<void> {
  if (flags.fromExisting === true) {
    await narrowExisting(context, flags, slug)
    return
  }
  const minted = await mintForOrganisation(context, flags, { profile: 'deploy_organization' }, slug)
  await writeToken(context, flags, minted, narrowToReading(minted.token))
}

async function narrowExisting(context: Context, flags: ReadonlyFlags, slug: string | undefined): Promise<void> {
  if (flags.org !== undefined || slug !== undefined) {
    throw new CommandError('misused', 'the existing token names its organization: give none with --from-existing')
  }
  // Without an expiry of its own the new token ends with the old one.
  const seconds = flags.expiry === undefined ? undefined : readExpiry(flags.expiry)
  const notBefore = Math.floor(context.now().getTime() / 1000)
  const window = seconds === undefined ? undefined : { notBefore, notAfter: notBefore + seconds }
  const held = await chooseHeldToken(flags, context.environment)
  const narrowed = narrowToReading(held, { window, now: context.now(), networks: readNetworks(flags.from) })
  if (flags.json === true) writeJson(context, { token: narrowed })
  else writeLine(context, narrowed)
}
