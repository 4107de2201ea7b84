// `hallpass tokens 3p discharge`: answers a ticket, as the third party.
import { dischargeTicket, openTicket } from '@hallpass/macaroon'
import { explain } from '@hallpass/macaroon/explain'

import type { Context } from '../../context.ts'
import { CommandError } from '../../errors.ts'
import type { GlobalFlags, JsonFlag } from '../../flags.ts'
import { writeJson, writeLine } from '../../output.ts'
import {
  decodeBase64,
  encodeBase64,
  random,
  readLocation,
  readSharedSecret,
  type LocationFlag,
  type SecretFlags,
} from '../../third-party.ts'

/** It needs no token, but accepts a credential, as every command does. */
interface DischargeFlags extends GlobalFlags, JsonFlag, LocationFlag, SecretFlags {
  readonly ticket?: string | undefined
}

/** Prints the discharge as bare base64, as flyctl does; `3p add-discharge` takes it so. */
export async function dischargeThirdParty(context: Context, flags: DischargeFlags): Promise<void> {
  const location = readLocation(flags)
  const key = await readSharedSecret(context, flags)
  if (flags.ticket === undefined) {
    throw new CommandError('misused', 'no ticket is given: hand over what `tokens 3p ticket` printed with --ticket')
  }
  const ticket = decodeBase64(flags.ticket, 'the ticket')
  const { caveats } = openTicket(key, ticket)
  if (caveats.length > 0) {
    const now = Math.floor(context.now().getTime() / 1000)
    const demands = explain(caveats, { now }).caveats.join('; ')
    throw new CommandError('failed', `the ticket demands what only the third party's service can check (${demands})`)
  }
  const discharge = encodeBase64(dischargeTicket({ key, ticket, location, rnd: random(16) }).bytes)
  if (flags.json === true) writeJson(context, { discharge })
  else writeLine(context, discharge)
}
