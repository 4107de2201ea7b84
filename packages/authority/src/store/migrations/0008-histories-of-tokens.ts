// Histories of tokens.
import { index, type Migration } from '../migration.ts'

export const migration8: Migration = {
  version: 8,
  name: 'histories of tokens',
  statements: () => [
    index('audit_events_of_token', `audit_events (actor_id, id) where actor_kind = 'token'`),
    // Without the mints, because each would write another page. They are found by the token's time of creation.
    index('audit_events_of_target', `audit_events (target, organisation_id, id) where operation <> 'token.mint'`),
    index('audit_events_of_mints', `audit_events (organisation_id, at) where operation = 'token.mint'`),
  ],
}
