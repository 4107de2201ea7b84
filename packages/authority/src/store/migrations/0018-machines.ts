// Machines with their versions and events, and the secrets of apps.
import type { Migration } from '../migration.ts'

export const migration18: Migration = {
  version: 18,
  name: 'machines',
  statements: ({ integer, text, bytes, end, endClustered }) => [
    // No foreign keys: a machine outlives its app until the engine has nothing left of it.
    `create table machines (
      id ${text} not null primary key,
      organisation_id ${integer} not null,
      app_id ${integer} not null,
      name ${text} not null,
      region ${text} not null,
      state ${text} not null,
      version ${text} not null,
      config ${text} not null,
      metadata ${text} not null,
      is_cordoned ${integer} not null,
      has_secrets ${integer} not null,
      launches ${integer} not null,
      stop_signal ${text},
      stop_timeout ${integer},
      image ${text},
      run_id ${text},
      runs ${integer} not null,
      started_at ${integer},
      address ${text},
      restarts ${integer} not null,
      tries ${integer} not null,
      due_at ${integer},
      last_event_id ${text} not null,
      lease_nonce ${text},
      lease_owner ${text},
      lease_description ${text},
      lease_expires_at ${integer},
      lease_version ${text},
      created_at ${integer} not null,
      updated_at ${integer} not null
    ) ${end}`,
    'create index machines_of_app on machines (app_id, id)',
    'create index machines_of_organisation on machines (organisation_id, id)',
    `create unique index machines_by_name on machines (app_id, name) where state <> 'destroyed'`,
    'create index machines_by_due on machines (due_at) where due_at is not null',
    `create index machines_destroyed on machines (updated_at) where state = 'destroyed'`,
    `create table machine_versions (
      machine_id ${text} not null,
      version ${text} not null,
      config ${text} not null,
      created_at ${integer} not null,
      primary key (machine_id, version)
    ) ${endClustered}`,
    `create table machine_events (
      machine_id ${text} not null,
      id ${text} not null,
      type ${text} not null,
      status ${text} not null,
      source ${text} not null,
      at ${integer} not null,
      request ${text},
      primary key (machine_id, id)
    ) ${endClustered}`,
    `create table app_secrets (
      app_id ${integer} not null references apps (id) on delete cascade,
      name ${text} not null,
      digest ${text} not null,
      sealed ${bytes} not null,
      created_at ${integer} not null,
      updated_at ${integer} not null,
      primary key (app_id, name)
    ) ${endClustered}`,
    `create table app_secret_versions (
      app_id ${integer} not null primary key references apps (id) on delete cascade,
      version ${integer} not null
    ) ${endClustered}`,
  ],
}
