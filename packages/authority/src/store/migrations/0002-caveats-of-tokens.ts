// Caveats of tokens.
import type { Migration } from '../migration.ts'

export const migration2: Migration = {
  version: 2,
  name: 'caveats of tokens',
  statements: ({ bytes }) => [`alter table tokens add column caveats ${bytes}`],
}
