// Tries that count against a limit of all servers on one database.
import type { Migration } from '../migration.ts'

export const migration30: Migration = {
  version: 30,
  name: 'counted tries',
  statements: ({ rowId, integer, bytes, end }) => [
    `create table counted_tries (
      id ${rowId},
      key_hash ${bytes} not null,
      expires_at ${integer} not null
    ) ${end}`,
    'create index counted_tries_by_key on counted_tries (key_hash, expires_at)',
    'create index counted_tries_by_end on counted_tries (expires_at)',
  ],
}
