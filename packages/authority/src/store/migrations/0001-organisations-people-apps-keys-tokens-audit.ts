// Organisations, people, apps, keys, tokens and audit events.
import type { Migration } from '../migration.ts'

export const migration1: Migration = {
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
    // The rows that app_id and minted_by name may be deleted: a token's row stays longer than its app. organisation_id has no
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
    // Live and revoked tokens have an index each: a page of live tokens must not read revoked ones, however many there are,
    // and a mint writes one index. created_at comes before the id, so that the mints of one second, which end together,
    // are on one page of it.
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
}
