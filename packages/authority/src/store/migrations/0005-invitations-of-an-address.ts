// Invitations to an address.
import type { Migration } from '../migration.ts'

export const migration5: Migration = {
  version: 5,
  name: 'invitations of an address',
  statements: () => ['create index invitations_of_address on invitations (email)'],
}
