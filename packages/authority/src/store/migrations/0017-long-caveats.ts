// Long caveats of tokens, apart from the tokens: in steps, while it runs.
import type { Migration } from '../migration.ts'

export const migration17: Migration = {
  version: 17,
  name: 'long caveats of tokens apart',
  statements: ({ integer, bytes, end }) => [
    // Not clustered: a search would read the long rows on its way.
    `create table token_caveats (
      token_id ${bytes} not null primary key references tokens (id) on delete cascade,
      caveats ${bytes} not null
    ) ${end}`,
    // One row as long as there is work: all tokens up to this id are done.
    `create table unmoved_caveats (
      id ${integer} not null primary key check (id = 1),
      done_id ${bytes} not null
    ) ${end}`,
    `insert into unmoved_caveats select 1, cast('' as ${bytes}) where exists (select 1 from tokens)`,
  ],
}
