// Volumes of apps.
import type { Migration } from '../migration.ts'

export const migration20: Migration = {
  version: 20,
  name: 'volumes',
  statements: ({ integer, text, end }) => [
    // No foreign keys: as a machine, a volume outlives its app until the engine has nothing left of it.
    `create table volumes (
      id ${text} not null primary key,
      organisation_id ${integer} not null,
      app_id ${integer} not null,
      name ${text} not null,
      region ${text} not null,
      state ${text} not null,
      size_gb ${integer} not null,
      made_gb ${integer} not null,
      is_sized ${integer},
      machine_id ${text},
      problem ${text},
      tries ${integer} not null,
      due_at ${integer},
      created_at ${integer} not null,
      updated_at ${integer} not null
    ) ${end}`,
    'create index volumes_of_app on volumes (app_id, id)',
    'create index volumes_of_organisation on volumes (organisation_id, id)',
    'create index volumes_of_machine on volumes (machine_id) where machine_id is not null',
    'create index volumes_by_due on volumes (due_at) where due_at is not null',
    `create index volumes_destroyed on volumes (updated_at) where state = 'destroyed'`,
  ],
}
