// Which derived tokens were revoked, and which tokens were minted with derived ones.
import type { Migration } from '../migration.ts'

export const migration29: Migration = {
  version: 29,
  name: 'derived tokens',
  statements: ({ text, bytes, integer, endClustered }) => [
    // So that the look-up of every request says whether there is any.
    `alter table tokens add column revoked_derived ${integer} not null default 0`,
    `alter table audit_events add column actor_derived ${text}`,
    // No foreign keys: PostgreSQL would lock the row of the token at each write.
    `create table revoked_derived_tokens (
      token_id ${bytes} not null,
      digest ${bytes} not null,
      revoked_at ${integer} not null,
      revoked_by ${text} not null,
      done_to ${bytes},
      primary key (token_id, digest)
    ) ${endClustered}`,
    // Nearly always empty.
    'create index revoked_derived_unfinished on revoked_derived_tokens (token_id, digest) where done_to is not null',
    `create table derived_minters (
      token_id ${bytes} not null,
      minter_id ${bytes} not null,
      digest ${bytes} not null,
      primary key (token_id, minter_id, digest)
    ) ${endClustered}`,
    'create index derived_minters_by_minter on derived_minters (minter_id, digest, token_id)',
  ],
}
