// What people were told of their tokens, and what they are told next.
import type { Migration } from '../migration.ts'

export const migration26: Migration = {
  version: 26,
  name: 'notices of ends',
  statements: ({ integer, text, bytes, endClustered }) => [
    // No foreign keys: PostgreSQL would lock the row of the token at each write.
    `create table token_notices (
      token_id ${bytes} not null primary key,
      days ${integer},
      late_at ${integer}
    ) ${endClustered}`,
    `create table notice_digests (
      user_id ${integer} not null,
      kind ${text} not null,
      count ${integer} not null,
      items ${text} not null,
      sent_at ${integer} not null,
      due_at ${integer} not null,
      primary key (user_id, kind)
    ) ${endClustered}`,
    'create index notice_digests_by_time on notice_digests (due_at)',
  ],
}
