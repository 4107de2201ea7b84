// Trust policies, and the identity tokens that were exchanged.
import type { Migration } from '../migration.ts'

export const migration23: Migration = {
  version: 23,
  name: 'trust policies',
  statements: ({ rowId, integer, text, bytes, end }) => [
    // No foreign keys: an organisation and an app take their policies along when they are deleted.
    `create table trust_policies (
      id ${bytes} not null primary key,
      organisation_id ${integer} not null,
      app_id ${integer},
      name ${text} not null,
      issuer ${text} not null,
      audience ${text} not null,
      claims ${text} not null,
      caveats ${bytes} not null,
      lifetime ${integer} not null,
      created_by ${integer},
      created_at ${integer} not null
    ) ${end}`,
    'create index trust_policies_of_issuer on trust_policies (organisation_id, issuer, created_at)',
    'create index trust_policies_of_app on trust_policies (app_id) where app_id is not null',
    `create table exchanged_identity_tokens (
      id ${rowId},
      hash ${bytes} not null unique,
      expires_at ${integer} not null
    ) ${end}`,
    'create index exchanged_identity_tokens_by_end on exchanged_identity_tokens (expires_at)',
  ],
}
