import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'

import { postgresWords, sqliteWords, sqlOf } from './migration.ts'
import { migrations } from './migrations.ts'

/** A database of the version before the migration of this name, and a function that runs the migration. */
function before(name: string) {
  const database = new DatabaseSync(':memory:')
  const at = migrations.findIndex((migration) => migration.name === name)
  const run = (among: typeof migrations) => {
    for (const { statements } of among) for (const statement of statements(sqliteWords)) database.exec(sqlOf(statement))
  }
  run(migrations.slice(0, at))
  return { database, migrate: () => run(migrations.slice(at, at + 1)) }
}

test('only the newest open invitation of an address stays; none stays for a member, or from somebody who may not invite', () => {
  const { database, migrate } = before('one open invitation for an address and organisation')
  database.exec(`
    insert into users (email, password_hash, created_at)
      values ('admin@x.example', '', 1), ('member@x.example', '', 1), ('gone@x.example', '', 1);
    insert into organisations (slug, name, created_at) values ('acme', 'Acme', 1), ('other', 'Other', 1);
    insert into memberships values (1, 1, 'admin', 1), (1, 2, 'member', 1), (2, 1, 'admin', 1)`)
  const insert = database.prepare(`insert into invitations
    (organisation_id, email, role, code_hash, created_by, created_at, expires_at, accepted_at)
    values (?, ?, 'admin', randomblob(32), ?, 1, 9, ?) returning id`)
  const add = (organisation: number, email: string, by: number | null, acceptedAt: number | null = null) =>
    insert.get(organisation, email, by, acceptedAt)?.['id']
  const accepted = add(1, 'new@x.example', 1, 5)
  add(1, 'new@x.example', 1)
  const newest = add(1, 'new@x.example', 1)
  const elsewhere = add(2, 'new@x.example', 1)
  // The newest ones of the address, but made by people who may not invite.
  for (const by of [2, 3, null]) add(1, 'new@x.example', by)
  add(1, 'member@x.example', 1)
  const memberElsewhere = add(2, 'member@x.example', 1)
  migrate()
  const left = database.prepare('select id from invitations order by id').all()
  expect(left.map(({ id }) => id)).toEqual([accepted, newest, elsewhere, memberElsewhere])
  expect(() => add(1, 'new@x.example', 1)).toThrow(/UNIQUE/)
})

/** The last one that does more, for what its programs did otherwise. */
const lastThatChanges = 17

test.each(migrations.filter(({ version }) => version > lastThatChanges))(
  'version $version only adds, so that programs of the version before go on reading beside it',
  ({ statements }) => {
    for (const words of [sqliteWords, postgresWords]) {
      for (const statement of statements(words).map(sqlOf)) {
        const text = statement.replace(/\s+/g, ' ')
        expect(text).toMatch(/^(?:create (?:table|(?:unique )?index) |alter table \w+ add column )/)
        // They also write rows, until the last part of a migration is done.
        if (/^alter table .* not null/.test(text)) expect(text).toContain(' default ')
      }
    }
  },
)
