// Names of sessions, and logins of command lines through a browser.
import type { Migration } from '../migration.ts'

export const migration3: Migration = {
  version: 3,
  name: 'what sessions are called, and logins of command lines through a browser',
  statements: ({ id, integer, text, bytes, end }) => [
    `alter table sessions add column kind ${text} not null default 'cli' check (kind in ('cli', 'web'))`,
    `alter table sessions add column label ${text} not null default 'unknown'`,
    `create table cli_logins (
      id ${id},
      id_hash ${bytes} not null unique,
      name ${text} not null,
      requested_from ${text} not null,
      code_challenge ${text},
      state ${text} not null,
      redirect_port ${integer},
      created_at ${integer} not null,
      expires_at ${integer} not null,
      approved_by ${integer} references users (id) on delete cascade,
      code_hash ${bytes}
    ) ${end}`,
    'create index cli_logins_by_end on cli_logins (expires_at)',
  ],
}
