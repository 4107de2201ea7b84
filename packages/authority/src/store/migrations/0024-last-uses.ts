// When tokens, logins and passkeys were last used.
import type { Migration } from '../migration.ts'

export const migration24: Migration = {
  version: 24,
  name: 'last uses of tokens, logins and passkeys',
  statements: ({ integer, text, bytes, endClustered }) => [
    // No foreign keys: PostgreSQL would lock the row of the credential at each write.
    `create table token_uses (
      token_id ${bytes} not null primary key,
      organisation_id ${integer} not null,
      used_at ${integer} not null,
      operation ${text} not null,
      user_agent ${text} not null,
      used_from ${text} not null
    ) ${endClustered}`,
    'create index token_uses_by_time on token_uses (organisation_id, used_at, token_id)',
    `create table login_uses (
      kind ${text} not null,
      id ${integer} not null,
      user_id ${integer} not null,
      used_at ${integer} not null,
      operation ${text} not null,
      user_agent ${text} not null,
      address ${text} not null,
      primary key (kind, id)
    ) ${endClustered}`,
    'create index login_uses_of_user on login_uses (user_id, kind)',
  ],
}
