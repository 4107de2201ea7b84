// The own tokens of machines.
import type { Migration } from '../migration.ts'

export const migration21: Migration = {
  version: 21,
  name: 'tokens of machines',
  statements: ({ text, bytes, endClustered }) => [
    `alter table tokens add column machine_id ${text}`,
    // No foreign keys, as of machines.
    `create table machine_tokens (
      machine_id ${text} not null primary key,
      token_id ${bytes} not null,
      sealed ${bytes} not null
    ) ${endClustered}`,
  ],
}
