// Which token replaced which.
import type { Migration } from '../migration.ts'

export const migration25: Migration = {
  version: 25,
  name: 'rotation of tokens',
  statements: ({ bytes }) => [
    `alter table tokens add column successor_id ${bytes}`,
    `alter table tokens add column predecessor_id ${bytes}`,
  ],
}
