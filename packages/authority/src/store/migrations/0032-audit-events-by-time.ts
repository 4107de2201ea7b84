// One index of the audit events in the place of two: every mint writes to it.
import { index, type Migration } from '../migration.ts'

export const migration32: Migration = {
  version: 32,
  name: 'audit events by time',
  statements: () => [
    index('audit_events_by_time', 'audit_events (organisation_id, at, id)'),
    'drop index audit_events_of_organisation',
    'drop index audit_events_of_mints',
  ],
}
