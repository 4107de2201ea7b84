// Histories of tokens.
import type { Migration } from '../migration.ts'

export const migration8: Migration = {
  version: 8,
  name: 'histories of tokens',
  statements: () => [
    `create index audit_events_of_token on audit_events (actor_id, id) where actor_kind = 'token'`,
    // Without the mints, each of which would come to a page of its own: they are found by the instant of the token.
    `create index audit_events_of_target on audit_events (target, organisation_id, id) where operation <> 'token.mint'`,
    `create index audit_events_of_mints on audit_events (organisation_id, at) where operation = 'token.mint'`,
  ],
}
