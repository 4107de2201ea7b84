// No deletion scans a table: every foreign key has an index for finding the rows that refer to a row.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import { expect, test } from 'vitest'

import { openSqliteStore } from './open.ts'

test('every foreign key has an index that begins with it, and tables with millions of rows have no foreign key', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-foreign-keys-'))
  await (await openSqliteStore({ directory })).close()
  const database = new DatabaseSync(join(directory, 'hallpass.db'), { readOnly: true })
  const references = database
    .prepare(
      `select child.name as "table", reference."from" as "column" from sqlite_schema as child,
        pragma_foreign_key_list(child.name) as reference where child.type = 'table'`,
    )
    .all()
  const indexed = database
    .prepare(
      `select tables.name || '.' || columns.name as place from sqlite_schema as tables,
        pragma_index_list(tables.name) as indexes, pragma_index_info(indexes.name) as columns
        left join sqlite_schema as definitions on definitions.name = indexes.name
        where tables.type = 'table' and columns.seqno = 0 and (indexes.partial = 0
          or definitions.sql like '% where ' || columns.name || ' is not null')`,
    )
    .all()
    .map(({ place }) => place)
  const whole = database.prepare('PRAGMA integrity_check').all()
  database.close()
  await rm(directory, { recursive: true })

  expect(references.length).toBeGreaterThan(5)
  for (const { table, column } of references) {
    expect(['tokens', 'audit_events']).not.toContain(table)
    expect(indexed).toContain(`${String(table)}.${String(column)}`)
  }
  expect(whole).toEqual([{ integrity_check: 'ok' }])
})
