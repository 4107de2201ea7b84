// Tasks for the outside world, done once the transaction that asked for them is durable.
import type { Migration } from '../migration.ts'

export const migration16: Migration = {
  version: 16,
  name: 'outbox',
  statements: ({ id, integer, text, bytes, end }) => [
    `create table outbox (
      id ${id},
      kind ${text} not null,
      payload ${bytes} not null,
      due_at ${integer} not null,
      expires_at ${integer} not null,
      tries ${integer} not null
    ) ${end}`,
    'create index outbox_by_due on outbox (due_at)',
    'create index outbox_by_end on outbox (expires_at)',
  ],
}
