// What all `tokens create …` commands share: asking for a token, and printing it alone.
import { DurationError, parseDuration, type Client, type MintedToken, type Profile } from '@hallpass/client'
import { printable } from '@hallpass/client/visible-text'

import { chooseApp, chooseOrganisation } from './choose.ts'
import { connect } from './connect.ts'
import type { Context } from './context.ts'
import { CommandError } from './errors.ts'
import type { GlobalFlags, AppFlags, JsonFlag, OrganisationFlag } from './flags.ts'
import { readNetworks } from './network-flag.ts'
import { formatJson, tell, writeOnce } from './output.ts'

export interface MintFlags extends GlobalFlags, JsonFlag {
  readonly expiry?: string | undefined
  readonly name: string
  /** Networks, as they are written. */
  readonly from?: readonly string[] | undefined
}

/** Mints a token of an organisation. */
export async function mintForOrganisation(
  context: Context,
  flags: MintFlags & OrganisationFlag,
  request: { readonly profile: Profile; readonly cluster?: string },
  word?: string,
): Promise<MintedToken> {
  const asked = readAsked(flags)
  const client = await connect(context, flags)
  const slug = await chooseOrganisation(context, client, flags, word)
  return client.createToken({ org_slug: slug, ...request, name: flags.name, ...asked })
}

/** Mints a deploy token, which is limited to one app. */
export async function mintForApp(context: Context, flags: MintFlags & AppFlags): Promise<MintedToken> {
  const asked = readAsked(flags)
  const name = await chooseApp(context, flags)
  const client: Client = await connect(context, flags)
  const app = await client.showApp({ app_name: name })
  return client.createToken({
    org_slug: app.organization.slug,
    profile: 'deploy',
    app: app.name,
    name: flags.name,
    ...asked,
  })
}

/** What the flags ask for in addition to the profile. */
function readAsked({ expiry, from }: Pick<MintFlags, 'expiry' | 'from'>) {
  if (expiry !== undefined) readExpiry(expiry)
  const networks = readNetworks(from)
  return {
    ...(expiry === undefined ? {} : { expiry }),
    ...(networks === undefined ? {} : { caveats: [{ type: 'Networks', body: { networks } }] }),
  }
}

/**
 * Prints the token alone, or as JSON with its record.
 * @param narrowed the token as it is handed out, where it was narrowed after minting
 * @throws CommandError if it could not be printed, with the id to revoke it by
 */
export async function writeToken(
  context: Context,
  flags: JsonFlag,
  minted: MintedToken,
  narrowed?: string,
): Promise<void> {
  const { token, ...rest } = minted
  const shown = narrowed ?? token
  const lost = `token ${minted.id} was made: revoke it with \`hallpass tokens revoke ${minted.id}\``
  await writeOnce(context, flags.json === true ? formatJson({ token: shown, ...rest }) : printable(shown), lost)
  if (minted.blocked !== null) tell(context, `Not good yet: ${minted.blocked.sentence}`)
}

/**
 * The seconds that `--expiry` says.
 * @throws CommandError `misused`, naming the flag and what is wrong with its value
 */
export function readExpiry(text: string): number {
  return readDuration(text, '--expiry')
}

/**
 * The seconds that a flag says.
 * @throws CommandError `misused`, naming the flag and what is wrong with its value
 */
export function readDuration(text: string, flag: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    if (error instanceof DurationError) throw new CommandError('misused', `the value of ${flag} ${error.message}`)
    throw error
  }
}
