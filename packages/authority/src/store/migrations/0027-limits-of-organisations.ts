// What an organisation limits its tokens to, and which tokens wait for an admin.
import type { Migration } from '../migration.ts'

export const migration27: Migration = {
  version: 27,
  name: 'limits of organisations',
  statements: ({ integer, text }) => [
    `alter table organisations add column max_token_lifetime ${integer}`,
    `alter table organisations add column default_token_lifetime ${integer}`,
    `alter table organisations add column only_admins_mint ${integer} not null default 0`,
    `alter table organisations add column token_approval ${integer} not null default 0`,
    `alter table organisations add column token_networks ${text}`,
    `alter table tokens add column is_approved ${integer} not null default 1`,
  ],
}
