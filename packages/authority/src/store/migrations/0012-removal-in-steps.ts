// What deletions leave to be removed in steps, and no foreign key whose work grows with what refers to a row.
import type { Migration } from '../migration.ts'

export const migration12: Migration = {
  version: 12,
  name: 'removal in steps',
  statements: ({ integer, text, bytes, end, dropReference }) => [
    // Rows of a deleted organisation go by up to here: tokens by their age, and then the others.
    `create table deleted_organisations (
      id ${integer} not null primary key,
      done_creation ${integer} not null,
      done_id ${bytes} not null
    ) ${end}`,
    // Every token of one of these is dead, though its row may not say so yet. Empty nearly always, as the other one.
    `create table deleted_apps (
      id ${integer} not null primary key,
      done_expiry ${integer} not null,
      done_creation ${integer} not null,
      done_id ${bytes} not null,
      revoked_at ${integer} not null,
      revoked_by ${text} not null
    ) ${end}`,
    // Ids are never used twice: what names a row that is gone finds nothing.
    dropReference('memberships', 'organisation_id', 'organisations (id) on delete cascade'),
    dropReference('invitations', 'organisation_id', 'organisations (id) on delete cascade'),
    dropReference('apps', 'organisation_id', 'organisations (id) on delete cascade'),
    dropReference('tokens', 'created_by', 'users (id) on delete set null'),
    'create index invitations_of_inviter on invitations (created_by)',
    'create index cli_logins_of_approver on cli_logins (approved_by)',
  ],
}
