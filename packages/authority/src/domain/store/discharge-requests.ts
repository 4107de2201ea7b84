// The store's contract: discharges that a person is asked for.
import type { DischargeRequest } from '../discharge.ts'

export interface DischargeRequestReads {
  /** By the hash of the name that the token's person was given; ended ones too. */
  byPersonHash(hash: Uint8Array): Promise<DischargeRequest | undefined>
  /** By the hash of the name that the token's holder polls with; ended ones too. */
  byPollHash(hash: Uint8Array): Promise<DischargeRequest | undefined>
  /** The newest for this ticket from this address that nobody has denied, and that has not ended at `now`. */
  findAgain(
    request: Pick<DischargeRequest, 'tokenId' | 'ticket' | 'requestedFrom'>,
    now: number,
  ): Promise<DischargeRequest | undefined>
  /** Those of the token that have not ended at `now`. */
  count(tokenId: string, now: number): Promise<number>
  /** Those that wait for the user or were answered by them, and have not ended at `now`. */
  countOf(userId: number, now: number): Promise<number>
}

export interface DischargeRequestWrites extends DischargeRequestReads {
  insert(
    request: Omit<DischargeRequest, 'id'> & { readonly personHash: Uint8Array; readonly pollHash: Uint8Array },
  ): Promise<DischargeRequest>
  setNames(id: number, names: { readonly personHash: Uint8Array; readonly pollHash: Uint8Array }): Promise<void>
  setState(id: number, state: DischargeRequest['state']): Promise<void>
  delete(id: number): Promise<void>
  /** Removes those that wait for this person, and those that they answered. */
  deleteOfUser(userId: number): Promise<void>
  /** Removes those of every token that ended before `now`; a hundred of them, where there are more. */
  deleteExpired(now: number): Promise<void>
}
