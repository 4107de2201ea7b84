// Rows that deletions leave are removed in steps, and no foreign key has work that grows with the rows that refer to one.
import type { Migration } from '../migration.ts'

export const migration12: Migration = {
  version: 12,
  name: 'removal in steps',
  statements: ({ integer, text, bytes, end, dropReference }) => [
    // How far the rows of a deleted organisation are removed: first its tokens by their age, then the others.
    `create table deleted_organisations (
      id ${integer} not null primary key,
      done_creation ${integer} not null,
      done_id ${bytes} not null
    ) ${end}`,
    // Every token of one of these is dead, even if its row does not say so yet. Nearly always empty, like the other table.
    `create table deleted_apps (
      id ${integer} not null primary key,
      done_expiry ${integer} not null,
      done_creation ${integer} not null,
      done_id ${bytes} not null,
      revoked_at ${integer} not null,
      revoked_by ${text} not null
    ) ${end}`,
    // Ids are never used twice, so the id of a deleted row finds nothing.
    dropReference('memberships', 'organisation_id', 'organisations (id) on delete cascade'),
    dropReference('invitations', 'organisation_id', 'organisations (id) on delete cascade'),
    dropReference('apps', 'organisation_id', 'organisations (id) on delete cascade'),
    dropReference('tokens', 'created_by', 'users (id) on delete set null'),
    'create index invitations_of_inviter on invitations (created_by)',
    'create index cli_logins_of_approver on cli_logins (approved_by)',
  ],
}
