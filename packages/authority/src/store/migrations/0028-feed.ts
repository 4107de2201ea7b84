// What guards must forget, in the order of commits, and who follows it.
import type { Migration } from '../migration.ts'

export const migration28: Migration = {
  version: 28,
  name: 'the feed',
  statements: ({ id, rowId, integer, text, bytes, end }) => [
    // The last row is never deleted, so no id is used twice.
    `create table feed_events (
      id ${rowId},
      at ${integer} not null,
      kind ${text} not null,
      token_id ${bytes},
      number ${integer}
    ) ${end}`,
    `create table verifiers (
      id ${id},
      name ${text} not null unique,
      secret_hash ${bytes} not null unique,
      created_at ${integer} not null
    ) ${end}`,
  ],
}
