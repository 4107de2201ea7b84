// Folds token names beyond ASCII as the program does, in steps, while it runs.
import type { Migration } from '../migration.ts'

export const migration13: Migration = {
  version: 13,
  name: 'names of tokens beyond ASCII',
  statements: ({ integer, bytes, end }) => [
    // One row as long as there is work: all tokens up to this id are done.
    `create table unfolded_names (
      id ${integer} not null primary key check (id = 1),
      done_id ${bytes} not null
    ) ${end}`,
    `insert into unfolded_names select 1, cast('' as ${bytes}) where exists (select 1 from tokens)`,
  ],
}
