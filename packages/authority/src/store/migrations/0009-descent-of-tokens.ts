// Which tokens a token minted, revocations whose rows are not all marked yet, and whether an organisation lets tokens mint.
import { index, type Migration } from '../migration.ts'

export const migration9: Migration = {
  version: 9,
  name: 'descent of tokens',
  statements: ({ text, bytes, integer, endClustered }) => [
    // Tokens that a person minted are not in it.
    index('tokens_of_minter', 'tokens (minted_by, id) where minted_by is not null'),
    // Every token below one of these is dead, even if its row does not say so yet. Nearly always empty.
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
