// Which addresses are proven, codes that only a mail has, password resets, and deleted accounts.
import type { Migration } from '../migration.ts'

export const migration14: Migration = {
  version: 14,
  name: 'proven addresses, resets of passwords, and accounts that are gone',
  statements: ({ id, integer, text, bytes, end }) => [
    `alter table users add column email_proven_at ${integer}`,
    `alter table users add column email_proven_by ${text} check (email_proven_by in ('mail', 'provider', 'operator'))`,
    `alter table users add column deleted_at ${integer}`,
    // The first account was made with the setup code or from the configuration.
    `update users set email_proven_at = created_at, email_proven_by = 'operator'
      where id = (select min(id) from users)`,
    // These accounts were made by a login at the provider. An account that was linked later may have been a stranger's
    // before: its next login there is the proof.
    `update users set email_proven_at = created_at, email_proven_by = 'provider'
      where email_proven_at is null and exists (
        select 1 from identities where identities.user_id = users.id and identities.created_at = users.created_at
      )`,
    `alter table invitations add column mail_code_hash ${bytes}`,
    'create unique index invitations_by_mail_code on invitations (mail_code_hash) where mail_code_hash is not null',
    `create table password_resets (
      id ${id},
      user_id ${integer} not null references users (id) on delete cascade,
      code_hash ${bytes} not null unique,
      made_by ${text} not null check (made_by in ('mail', 'operator')),
      created_at ${integer} not null,
      expires_at ${integer} not null
    ) ${end}`,
    'create index password_resets_of_user on password_resets (user_id)',
    'create index password_resets_by_end on password_resets (expires_at)',
  ],
}
