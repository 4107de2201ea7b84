// `hallpass tokens 3p add-discharge`: puts a third party's answer beside a token.
import { unwrapToken } from '@hallpass/client/pasted-token'
import {
  decodeMacaroon,
  formatAuthorization,
  parseAuthorization,
  permissionLocation,
  ticketsOf,
} from '@hallpass/macaroon'

import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { dropEnded, readHeldToken, splitPermissions } from '../../held-token.ts'
import { tell, writeJson, writeLine } from '../../output.ts'
import { decodeBase64 } from '../../third-party.ts'

interface AddDischargeFlags extends GlobalFlags, JsonFlag {
  readonly discharge?: string | undefined
}

/** Prints the credential with the discharge behind everything that was there and has not ended. */
export async function addDischarge(
  context: Context,
  flags: AddDischargeFlags,
  ...words: readonly string[]
): Promise<void> {
  if (flags.discharge === undefined) {
    throw new CommandError('misused', 'no discharge is given: hand over what `tokens 3p discharge` printed with -d')
  }
  const token = await readHeldToken(context, flags, words)
  const { permissions, discharges, authTokens } = splitPermissions(token)
  const added = readDischarge(flags.discharge)
  const tickets = permissions.flatMap((permission) => [...ticketsOf(permission).values()].flat())
  for (const bytes of added) {
    const { location, nonce } = decodeMacaroon(bytes)
    // It would be used beside the narrowed token, with all that it allows.
    if (location === permissionLocation) {
      throw new CommandError('misused', 'what is given with -d is a permission token, and not a discharge')
    }
    const asked = nonce.kid.join()
    if (tickets.some((ticket) => ticket.join() === asked)) continue
    tell(context, 'Warning: nothing in the token asks for this discharge')
  }
  const held = [...permissions, ...dropEnded(discharges, context.now())].map(({ bytes }) => bytes)
  const text = formatAuthorization([...held, ...added], authTokens)
  if (flags.json === true) writeJson(context, { token: text })
  else writeLine(context, text)
}

/** Bare base64 as `3p discharge` prints it, or a token as third parties hand it out. */
function readDischarge(given: string): readonly Uint8Array[] {
  const text = unwrapToken(given)
  if (!/^\s*(?:(?:flyv1|bearer)\s|fm\w+_)/i.test(text)) return [decodeBase64(text, 'the discharge')]
  const { macaroons, leftOut } = parseAuthorization(text)
  if (leftOut[0] !== undefined) throw leftOut[0].error
  return macaroons
}
