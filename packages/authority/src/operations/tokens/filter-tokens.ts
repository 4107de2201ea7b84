// Which tokens a list or a count has, from what a caller says of them.
import type { ReadTransaction } from '../../domain/store.ts'
import type { TokenFilter } from '../../domain/token.ts'
import { usesKnownSince } from '../perform/note-uses.ts'
import type { OperationContext } from '../perform/operation.ts'

export interface FilterOptions extends Pick<TokenFilter, 'state' | 'search' | 'profile' | 'isPending'> {
  /** Milliseconds for which they were not used, and that old they are at least. */
  readonly unused?: number | undefined
  /** Milliseconds within which the live ones end. */
  readonly endsWithin?: number | undefined
  /** The address of the person in whose name they were made. */
  readonly createdBy?: string | undefined
}

export interface ReadFilter {
  readonly filter: TokenFilter
  /** Nothing is in the list: where uses are not known for so long, none can be said to be unused for so long. */
  readonly isEmpty: boolean
  /** Milliseconds. */
  readonly usesKnownSince: number
}

export async function readFilter(
  { tx, environment, now }: OperationContext<ReadTransaction>,
  { state, search, profile, isPending, unused, endsWithin, createdBy }: FilterOptions,
): Promise<ReadFilter> {
  const since = await usesKnownSince(tx, environment.uses)
  // A stranger's address and one without an account look the same: as nobody's tokens.
  const maker = createdBy === undefined ? undefined : await tx.users.byEmail(createdBy)
  return {
    filter: {
      state,
      search,
      now,
      profile,
      isPending,
      createdBy: maker?.id,
      unusedSince: unused === undefined ? undefined : now - unused,
      endsBy: endsWithin === undefined ? undefined : now + endsWithin,
    },
    isEmpty: (unused !== undefined && now - unused < since) || (createdBy !== undefined && maker === undefined),
    usesKnownSince: since,
  }
}
