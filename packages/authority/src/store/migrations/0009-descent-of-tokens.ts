// Which tokens a token minted, revocations that are still written down, and whether an organisation lets tokens mint.
import { index, type Migration } from '../migration.ts'

export const migration9: Migration = {
  version: 9,
  name: 'descent of tokens',
  statements: ({ text, bytes, integer, endClustered }) => [
    // What a person mints does not come to it.
    index('tokens_of_minter', 'tokens (minted_by, id) where minted_by is not null'),
    // Every token below one of these is dead, though its row may not say so yet. Empty nearly always.
    `create table unfinished_revocations (
      token_id ${bytes} not null primary key,
      done_to ${bytes} not null,
      revoked_at ${integer} not null,
      revoked_by ${text} not null
    ) ${endClustered}`,
    `alter table organisations add column token_minting ${text} not null default 'allowed'
      check (token_minting in ('allowed', 'forbidden'))`,
  ],
}
