// Membership as a third party of the authority.
import type { Migration } from '../migration.ts'

export const migration4: Migration = {
  version: 4,
  name: 'membership as a third party of the authority',
  statements: ({ rowId, integer, text, bytes, end }) => [
    `alter table organisations add column membership_discharge ${text} not null default 'none'
      check (membership_discharge in ('none', 'member', 'login'))`,
    // Nothing has "references": a row lives for minutes, and an answer looks up again what it names.
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
}
