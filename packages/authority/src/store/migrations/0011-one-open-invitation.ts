// Only one open invitation for an address and an organisation.
import type { Migration } from '../migration.ts'

export const migration11: Migration = {
  version: 11,
  name: 'one open invitation for an address and organisation',
  statements: () => [
    // Invitations of members, and by people who may no longer invite: no list shows them, and their codes must admit nobody.
    `delete from invitations where accepted_at is null and (
      exists (
        select 1 from memberships join users on users.id = memberships.user_id
        where memberships.organisation_id = invitations.organisation_id and users.email = invitations.email
      ) or not exists (
        select 1 from memberships
        where memberships.organisation_id = invitations.organisation_id
          and memberships.user_id = invitations.created_by and memberships.role = 'admin'
      ))`,
    `delete from invitations where accepted_at is null and exists (
      select 1 from invitations as newer
      where newer.email = invitations.email and newer.organisation_id = invitations.organisation_id
        and newer.accepted_at is null and newer.id > invitations.id
    )`,
    `create unique index open_invitations on invitations (organisation_id, email) where accepted_at is null`,
  ],
}
