// The store's contract: discharge requests that wait for a person.
import type { DischargeRequest } from '../discharge.ts'

export interface DischargeRequestReads {
  /** By the hash of the name for the token's person; finds expired ones too. */
  byPersonHash(hash: Uint8Array): Promise<DischargeRequest | undefined>
  /** By the hash of the name for the polling holder; finds expired ones too. */
  byPollHash(hash: Uint8Array): Promise<DischargeRequest | undefined>
  /** The newest for this ticket from this address that is not denied and not expired at `now`. */
  findAgain(
    request: Pick<DischargeRequest, 'tokenId' | 'ticket' | 'requestedFrom'>,
    now: number,
  ): Promise<DischargeRequest | undefined>
  /** Counts those of the token that have not expired at `now`. */
  count(tokenId: string, now: number): Promise<number>
  /** Counts those that wait for the user or were answered by them, and have not expired at `now`. */
  countOf(userId: number, now: number): Promise<number>
}

export interface DischargeRequestWrites extends DischargeRequestReads {
  insert(
    request: Omit<DischargeRequest, 'id'> & { readonly personHash: Uint8Array; readonly pollHash: Uint8Array },
  ): Promise<DischargeRequest>
  setNames(id: number, names: { readonly personHash: Uint8Array; readonly pollHash: Uint8Array }): Promise<void>
  setState(id: number, state: DischargeRequest['state']): Promise<void>
  delete(id: number): Promise<void>
  /** Removes those that wait for this person or were answered by them. */
  deleteOfUser(userId: number): Promise<void>
  /** Removes up to a hundred of those that expired before `now`, of every token. */
  deleteExpired(now: number): Promise<void>
}
