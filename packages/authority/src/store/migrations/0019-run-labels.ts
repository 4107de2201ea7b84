// The run labels of the tokens that caused audit events and created machines.
import type { Migration } from '../migration.ts'

export const migration19: Migration = {
  version: 19,
  name: 'run labels',
  statements: ({ text }) => [
    `alter table audit_events add column run_labels ${text}`,
    `alter table machines add column run_labels ${text}`,
  ],
}
