// When the person of a session last proved who they are.
import type { Migration } from '../migration.ts'

export const migration10: Migration = {
  version: 10,
  name: 'proofs of sessions',
  statements: ({ integer }) => [`alter table sessions add column proven_at ${integer} not null default 0`],
}
