// feed.open: whether a verifier may follow the feed, and from where.
import type { FeedPosition } from '../../domain/feed.ts'
import type { Secret } from '../../domain/secret.ts'
import type { Verifier } from '../../domain/verifier.ts'
import type { OpenRead } from '../perform/operation.ts'
import { identifyVerifier } from '../perform/verifier.ts'

export interface OpenFeed {
  readonly secret: Secret
  /** Where the verifier stands; undefined if it remembers nothing yet. */
  readonly position: FeedPosition | undefined
}

export interface OpenedFeed {
  readonly verifier: Verifier
  /** Its key of the feed, for proofs that the feed is meant for it. */
  readonly key: Uint8Array
  readonly from: FeedPosition
  /** Whether it must forget everything: it stood at a position of another history, or of events that are removed. */
  readonly isLost: boolean
}

export const openFeed: OpenRead<OpenFeed, OpenedFeed> = {
  name: 'feed.open',
  audience: 'anyone',
  mode: 'read',

  async run({ tx }, { input: { secret, position } }) {
    const { verifier, hash } = await identifyVerifier(tx, secret)
    const isKnown = position !== undefined && (await tx.feed.after(position, 1)) !== undefined
    const from = isKnown ? position : await tx.feed.end()
    return { verifier, key: hash, from, isLost: position !== undefined && !isKnown }
  },
}
