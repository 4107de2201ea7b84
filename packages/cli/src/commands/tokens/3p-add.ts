// `hallpass tokens 3p add`: makes a token depend on a third party.
import { attenuate, formatAuthorization, thirdParty } from '@hallpass/macaroon'

import type { Context } from '../../context.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { dropEnded, readHeldToken, splitPermission } from '../../held-token.ts'
import { writeJson, writeLine } from '../../output.ts'
import { random, readLocation, readSharedSecret, type LocationFlag, type SecretFlags } from '../../third-party.ts'

/** Adds a third-party caveat, and prints the credential with the discharges first, as flyctl does. */
export async function addThirdParty(
  context: Context,
  flags: GlobalFlags & JsonFlag & LocationFlag & SecretFlags,
  ...words: readonly string[]
): Promise<void> {
  const location = readLocation(flags)
  const key = await readSharedSecret(context, flags)
  const { permission, discharges } = splitPermission(await readHeldToken(context, flags, words))
  const demanding = attenuate(permission, [thirdParty({ key, location, random })])
  const token = formatAuthorization([...dropEnded(discharges, context.now()), demanding].map(({ bytes }) => bytes))
  if (flags.json === true) writeJson(context, { token })
  else writeLine(context, token)
}
