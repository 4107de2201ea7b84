// Organisations whose tokens are all revoked at once, and indexes for queries that would otherwise slow down as tables grow.
import type { Migration } from '../migration.ts'

export const migration15: Migration = {
  version: 15,
  name: 'organisations all of whose tokens are revoked at once',
  statements: ({ integer, text, bytes, end }) => [
    // Every token of one of these that was made up to then is dead, even if its row does not say so yet. Nearly always empty.
    `create table revoked_organisations (
      id ${integer} not null primary key,
      to_creation ${integer} not null,
      done_creation ${integer} not null,
      done_id ${bytes} not null,
      revoked_at ${integer} not null,
      revoked_by ${text} not null
    ) ${end}`,
    `create index memberships_of_admins on memberships (organisation_id, user_id) where role = 'admin'`,
    'create index discharge_requests_of_user on discharge_requests (user_id, expires_at)',
  ],
}
