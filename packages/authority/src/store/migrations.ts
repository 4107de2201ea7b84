// The steps from an empty database to today's tables, each written once for both engines. Never change one that shipped.

export interface Migration {
  /** Counts up from 1 without a gap. */
  readonly version: number
  readonly name: string
  readonly statements: (engine: EngineWords) => readonly string[]
}

/** The words in which the engines' table definitions differ. */
export interface EngineWords {
  /** A primary key that counts up and is never used twice, within 31 bits. */
  readonly id: string
  /** A primary key that counts up; for tables whose rows are never deleted one by one. */
  readonly rowId: string
  readonly integer: string
  /** Text that compares byte by byte, so that both engines sort alike. */
  readonly text: string
  readonly bytes: string
  /** What closes a table definition. */
  readonly end: string
  /** What closes the definition of a table that is stored in the order of its primary key. */
  readonly endClustered: string
}

export const sqliteWords: EngineWords = {
  id: 'integer primary key autoincrement check (id <= 2147483647)',
  // Without autoincrement: it would cost a write to a second table at every insert.
  rowId: 'integer primary key',
  integer: 'integer',
  text: 'text',
  bytes: 'blob',
  end: 'strict',
  endClustered: 'strict, without rowid',
}

export const postgresWords: EngineWords = {
  // A bigint, so that looking for a number past 31 bits finds nothing, where it would be an error with an integer.
  id: 'bigint generated always as identity (maxvalue 2147483647) primary key',
  rowId: 'bigint generated always as identity primary key',
  integer: 'bigint',
  text: 'text collate "C"',
  bytes: 'bytea',
  end: '',
  endClustered: '',
}

export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'organisations, people, apps, keys, tokens and audit events',
    statements: ({ id, rowId, integer, text, bytes, end, endClustered }) => [
      `create table settings (
        name ${text} primary key,
        value ${text} not null
      ) ${endClustered}`,
      `create table users (
        id ${id},
        email ${text} not null unique,
        password_hash ${text} not null,
        created_at ${integer} not null
      ) ${end}`,
      `create table sessions (
        id ${id},
        user_id ${integer} not null references users (id) on delete cascade,
        token_hash ${bytes} not null unique,
        created_at ${integer} not null,
        expires_at ${integer} not null
      ) ${end}`,
      'create index sessions_of_user on sessions (user_id, expires_at)',
      `create table setup_code (
        id ${integer} primary key check (id = 1),
        code_hash ${bytes} not null,
        created_at ${integer} not null,
        expires_at ${integer} not null
      ) ${end}`,
      `create table organisations (
        id ${id},
        slug ${text} not null unique,
        name ${text} not null,
        personal_of ${integer} unique references users (id),
        created_at ${integer} not null
      ) ${end}`,
      `create table memberships (
        organisation_id ${integer} not null references organisations (id) on delete cascade,
        user_id ${integer} not null references users (id) on delete cascade,
        role ${text} not null check (role in ('admin', 'member')),
        created_at ${integer} not null,
        primary key (organisation_id, user_id)
      ) ${endClustered}`,
      'create index memberships_of_user on memberships (user_id)',
      `create table invitations (
        id ${id},
        organisation_id ${integer} not null references organisations (id) on delete cascade,
        email ${text} not null,
        role ${text} not null check (role in ('admin', 'member')),
        code_hash ${bytes} not null unique,
        created_by ${integer} references users (id) on delete set null,
        created_at ${integer} not null,
        expires_at ${integer} not null,
        accepted_at ${integer}
      ) ${end}`,
      'create index invitations_of_organisation on invitations (organisation_id)',
      `create table apps (
        id ${id},
        public_id ${text} not null unique,
        name ${text} not null unique,
        organisation_id ${integer} not null references organisations (id) on delete cascade,
        network ${text} not null,
        idempotency_key ${text},
        created_at ${integer} not null
      ) ${end}`,
      'create index apps_of_organisation on apps (organisation_id, name)',
      `create unique index apps_by_idempotency_key on apps (organisation_id, idempotency_key)
        where idempotency_key is not null`,
      `create table signing_keys (
        id ${rowId},
        kid ${bytes} not null unique,
        organisation_id ${integer} not null references organisations (id) on delete cascade,
        wrapped ${bytes} not null,
        created_at ${integer} not null
      ) ${end}`,
      'create index signing_keys_of_organisation on signing_keys (organisation_id, created_at, id)',
      // app_id and minted_by name what may be gone: a token outlives its app for the record. organisation_id has no
      // "references": to find what a deleted organisation leaves behind, the engines would want an index of all tokens.
      `create table tokens (
        id ${bytes} not null primary key,
        organisation_id ${integer} not null,
        app_id ${integer},
        profile ${text} not null,
        name ${text} not null,
        created_by ${integer} references users (id) on delete set null,
        minted_by ${bytes},
        created_at ${integer} not null,
        expires_at ${integer} not null,
        revoked_at ${integer},
        revoked_by ${text}
      ) ${endClustered}`,
      // The live apart from the revoked: a page of the live ones must not walk over the revoked ones, however many there
      // are, and a mint writes one index. created_at stands before the id, so that mints of one second, which end
      // together, come to one page of it.
      `create index tokens_of_organisation_live on tokens (organisation_id, expires_at, created_at, id)
        where revoked_at is null`,
      `create index tokens_of_organisation_revoked on tokens (organisation_id, expires_at, created_at, id)
        where revoked_at is not null`,
      `create index tokens_of_app_live on tokens (app_id, expires_at, created_at, id)
        where app_id is not null and revoked_at is null`,
      `create index tokens_of_app_revoked on tokens (app_id, expires_at, created_at, id)
        where app_id is not null and revoked_at is not null`,
      `create table audit_events (
        id ${rowId},
        at ${integer} not null,
        organisation_id ${integer},
        operation ${text} not null,
        outcome ${text} not null check (outcome in ('allowed', 'denied')),
        actor_kind ${text} not null check (actor_kind in ('user', 'token', 'nobody')),
        actor_id ${text} not null,
        actor_label ${text} not null,
        target ${text} not null,
        reason ${text} not null,
        request_id ${text} not null
      ) ${end}`,
      'create index audit_events_of_organisation on audit_events (organisation_id, id)',
    ],
  },
  {
    version: 2,
    name: 'caveats of tokens',
    statements: ({ bytes }) => [`alter table tokens add column caveats ${bytes}`],
  },
  {
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
  },
  {
    version: 4,
    name: 'membership as a third party of the authority',
    statements: ({ rowId, integer, text, bytes, end }) => [
      `alter table organisations add column membership_discharge ${text} not null default 'none'
        check (membership_discharge in ('none', 'member', 'login'))`,
      // Nothing has "references": a row lives for minutes, and what it names is looked for again when it is answered.
      `create table discharge_requests (
        id ${rowId},
        person_hash ${bytes} not null unique,
        poll_hash ${bytes} not null unique,
        token_id ${bytes} not null,
        user_id ${integer} not null,
        organisation_id ${integer} not null,
        ticket ${bytes} not null,
        state ${text} not null check (state in ('pending', 'approved', 'denied')),
        requested_from ${text} not null,
        created_at ${integer} not null,
        expires_at ${integer} not null
      ) ${end}`,
      'create index discharge_requests_of_token on discharge_requests (token_id, expires_at)',
      'create index discharge_requests_by_end on discharge_requests (expires_at)',
    ],
  },
  {
    version: 5,
    name: 'invitations of an address',
    statements: () => ['create index invitations_of_address on invitations (email)'],
  },
  {
    version: 6,
    name: 'lists of tokens by name and by age, and searches in them',
    statements: ({ text }) => [
      `alter table tokens add column name_key ${text} not null default ''`,
      // Both engines lower the letters of ASCII alone here; the program lowers all of them for what comes after.
      'update tokens set name_key = lower(name)',
      // Each index holds all that a list filters by, so that what is passed over costs no look at the table. Mints come
      // to one page of each: those of one name, or of one end, stand there by their age.
      'drop index tokens_of_organisation_live',
      'drop index tokens_of_organisation_revoked',
      'drop index tokens_of_app_live',
      'drop index tokens_of_app_revoked',
      `create index tokens_of_organisation_live on tokens (organisation_id, expires_at, created_at, id, name_key, revoked_at)
        where revoked_at is null`,
      `create index tokens_of_organisation_revoked on tokens (organisation_id, expires_at, created_at, id, name_key, revoked_at)
        where revoked_at is not null`,
      `create index tokens_of_app_live on tokens (app_id, expires_at, created_at, id, name_key, revoked_at)
        where app_id is not null and revoked_at is null`,
      `create index tokens_of_app_revoked on tokens (app_id, expires_at, created_at, id, name_key, revoked_at)
        where app_id is not null and revoked_at is not null`,
      `create index tokens_by_age on tokens
        (organisation_id, created_at, id, expires_at, revoked_at, app_id, name_key)`,
      `create index tokens_by_name on tokens
        (organisation_id, name_key, created_at, id, expires_at, revoked_at, app_id)`,
    ],
  },
  {
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
  },
  {
    version: 8,
    name: 'histories of tokens',
    statements: () => [
      `create index audit_events_of_token on audit_events (actor_id, id) where actor_kind = 'token'`,
      // Without the mints, each of which would come to a page of its own: they are found by the instant of the token.
      `create index audit_events_of_target on audit_events (target, organisation_id, id) where operation <> 'token.mint'`,
      `create index audit_events_of_mints on audit_events (organisation_id, at) where operation = 'token.mint'`,
    ],
  },
]
