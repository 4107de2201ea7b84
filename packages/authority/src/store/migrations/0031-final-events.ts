// Which events of the feed are final, so that guards need not ask about them.
import type { Migration } from '../migration.ts'

export const migration31: Migration = {
  version: 31,
  name: 'final events',
  statements: ({ integer }) => [`alter table feed_events add column is_final ${integer} not null default 0`],
}
