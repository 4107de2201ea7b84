// Passkeys, and identities at OpenID providers.
import type { Migration } from '../migration.ts'

export const migration7: Migration = {
  version: 7,
  name: 'passkeys, and identities at OpenID providers',
  statements: ({ id, rowId, integer, text, bytes, end, endClustered }) => [
    `create table passkeys (
      id ${id},
      user_id ${integer} not null references users (id) on delete cascade,
      credential_id ${bytes} not null unique,
      public_key ${bytes} not null,
      sign_count ${integer} not null,
      transports ${text} not null,
      name ${text} not null,
      created_at ${integer} not null,
      last_used_at ${integer}
    ) ${end}`,
    'create index passkeys_of_user on passkeys (user_id)',
    `create table passkey_challenges (
      id ${rowId},
      handle ${bytes} not null unique,
      challenge_hash ${bytes} not null,
      user_id ${integer} references users (id) on delete cascade,
      expires_at ${integer} not null
    ) ${end}`,
    'create index passkey_challenges_of_user on passkey_challenges (user_id) where user_id is not null',
    'create index passkey_challenges_by_end on passkey_challenges (expires_at)',
    `create table identities (
      issuer ${text} not null,
      subject ${text} not null,
      user_id ${integer} not null references users (id) on delete cascade,
      created_at ${integer} not null,
      primary key (issuer, subject)
    ) ${endClustered}`,
    'create index identities_of_user on identities (user_id)',
  ],
}
