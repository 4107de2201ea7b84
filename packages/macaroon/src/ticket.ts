/** Tickets: what an authority tells a third party through the holder, who can carry it and not read it. */

import { expectFields, takeBytes } from './boundary.ts'
import type { Caveat } from './caveat.ts'
import { CaveatReader, encodeCaveats, readCaveats } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { type DecodeOptions, maxMacaroonBytes } from './macaroon.ts'
import { MsgpackWriter } from './msgpack-writer.ts'
import { boxNonceLength, openBox, sealBox } from './sealed.ts'
import { takeKey } from './tail.ts'
import { vocabularyOf } from './vocabulary.ts'

export interface Ticket {
  /** The key that the discharge is to be signed with, 32 bytes. A secret of the authority and the third party. */
  readonly dischargeKey: Uint8Array
  /** What the third party must make sure of before it discharges; often nothing. */
  readonly caveats: readonly Caveat[]
}

export interface SealTicketInput {
  /** The key that the authority shares with the third party, 32 bytes. */
  readonly key: Uint8Array
  /** 32 random bytes. */
  readonly dischargeKey: Uint8Array
  readonly caveats?: readonly Caveat[]
  /** 12 random bytes that were never used with `key` before. */
  readonly nonce: Uint8Array
}

/** Seals a ticket, as Go's `NewCaveat3P` does. Throws MacaroonError `bad-argument` (lengths), `bad-caveat` or `too-many`. */
export function sealTicket(input: SealTicketInput, options: DecodeOptions = {}): Uint8Array {
  const key = takeKey(expectFields(input, 'input').key)
  const writer = new MsgpackWriter()
  writer.writeArrayLength(2)
  writer.writeBytes(takeBytes(input.dischargeKey, 'dischargeKey', dischargeKeyLength))
  writer.writeRaw(encodeCaveats(input.caveats ?? [], vocabularyOf(options)))
  return sealBox(key, takeBytes(input.nonce, 'nonce', boxNonceLength), writer.finish())
}

/**
 * Opens a ticket, as the first half of Go's `DischargeTicket`; but strictly, as everything that came from elsewhere, and
 * only with a discharge key of 32 bytes.
 *
 * Throws MacaroonError `bad-ticket` where it was not sealed with this key, a WireErrorCode where nonsense was sealed,
 * and `bad-argument` for a key of another length.
 */
export function openTicket(key: Uint8Array, ticket: Uint8Array, options: DecodeOptions = {}): Ticket {
  const sealed = takeBytes(ticket, 'ticket')
  if (sealed.length > maxMacaroonBytes) {
    throw new MacaroonError('too-long', `A ticket has at most ${maxMacaroonBytes} bytes, and this has ${sealed.length}`)
  }
  const opened = openBox(takeKey(key), sealed)
  if (opened === undefined) {
    throw new MacaroonError('bad-ticket', 'The ticket was not sealed with this key, or was changed since')
  }
  const reader = new CaveatReader(vocabularyOf(options), opened)
  reader.expectArray(2, 'a ticket')
  const dischargeKey = reader.readBytes()
  if (dischargeKey.length !== dischargeKeyLength) {
    throw new MacaroonError(
      'malformed',
      `A discharge key has ${dischargeKeyLength} bytes, and the one in this ticket has ${dischargeKey.length}`,
    )
  }
  const { caveats } = readCaveats(reader)
  reader.expectEnd()
  return { dischargeKey, caveats }
}

export const dischargeKeyLength = 32
