// `hallpass tokens 3p ticket`: the ticket to hand to a third party.
import { ticketsOf } from '@hallpass/macaroon'

import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { readHeldToken, splitPermission } from '../../held-token.ts'
import { writeJson, writeLine } from '../../output.ts'
import { encodeBase64, readLocation, type LocationFlag } from '../../third-party.ts'

/** Prints the ticket, whether it is discharged already or not. */
export async function showTicket(
  context: Context,
  flags: GlobalFlags & JsonFlag & LocationFlag,
  ...words: readonly string[]
): Promise<void> {
  const location = readLocation(flags)
  const { permission } = splitPermission(await readHeldToken(context, flags, words))
  const [ticket, ...others] = ticketsOf(permission).get(location) ?? []
  if (ticket === undefined) throw new CommandError('failed', `the token asks for no discharge from ${location}`)
  if (others.length > 0) throw new CommandError('failed', `the token has more than one ticket for ${location}`)
  if (flags.json === true) writeJson(context, { ticket: encodeBase64(ticket) })
  else writeLine(context, encodeBase64(ticket))
}
