// Lists of tokens by name and by age, and searches in them.
import { fillTokens, index, type Migration } from '../migration.ts'

export const migration6: Migration = {
  version: 6,
  name: 'lists of tokens by name and by age, and searches in them',
  statements: ({ text }) => [
    `alter table tokens add column name_key ${text} not null default ''`,
    // Both engines lower only ASCII letters here. The program lowers all letters of later tokens, and migration 13 does
    // it for tokens that an older program minted in between.
    fillTokens('name_key = lower(name)'),
    // Each index has every column that a list filters by, so that a skipped row needs no look at the table. Mints write
    // one page of each: tokens with the same name, or the same end, are there in the order of their age.
    'drop index tokens_of_organisation_live',
    'drop index tokens_of_organisation_revoked',
    'drop index tokens_of_app_live',
    'drop index tokens_of_app_revoked',
    index(
      'tokens_of_organisation_live',
      `tokens (organisation_id, expires_at, created_at, id, name_key, revoked_at) where revoked_at is null`,
    ),
    index(
      'tokens_of_organisation_revoked',
      `tokens (organisation_id, expires_at, created_at, id, name_key, revoked_at) where revoked_at is not null`,
    ),
    index(
      'tokens_of_app_live',
      `tokens (app_id, expires_at, created_at, id, name_key, revoked_at) where app_id is not null and revoked_at is null`,
    ),
    index(
      'tokens_of_app_revoked',
      `tokens (app_id, expires_at, created_at, id, name_key, revoked_at) where app_id is not null and revoked_at is not null`,
    ),
    index('tokens_by_age', `tokens (organisation_id, created_at, id, expires_at, revoked_at, app_id, name_key)`),
    index('tokens_by_name', `tokens (organisation_id, name_key, created_at, id, expires_at, revoked_at, app_id)`),
  ],
}
