// Group commit: how many flushes there are, and which callers see a failure.
import { DatabaseSync } from 'node:sqlite'
import { setImmediate as nextTurn } from 'node:timers/promises'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { GroupCommit } from './group-commit.ts'
import { SqliteConnection } from './sqlite-connection.ts'

class RecordingConnection extends SqliteConnection {
  readonly commands: string[] = []

  override command(sql: string): void {
    this.commands.push(sql)
    super.command(sql)
  }

  count(sql: string): number {
    return this.commands.filter((command) => command === sql).length
  }
}

/** Each write takes `cost` milliseconds of its clock. */
function setUp({ cost = 0, now }: { readonly cost?: number; readonly now?: () => number } = {}) {
  let time = 0
  const database = new DatabaseSync(':memory:')
  database.exec(`create table settings (name text primary key, value text not null) strict;
    create table parents (id integer primary key) strict;
    create table children (parent integer references parents (id) deferrable initially deferred) strict`)
  const connection = new RecordingConnection(database)
  const events: string[] = []
  const writes = new GroupCommit(
    connection,
    {
      beginning: () => void events.push('beginning'),
      committed: () => void events.push(`committed after ${connection.commands.at(-1)}`),
      hasRoom: () => true,
      full: () => false,
      damaged: () => {},
      refused: () => {},
    },
    undefined,
    now ?? (() => time),
  )
  return {
    connection,
    events,
    writes,
    insert: (name: string): Promise<string> =>
      writes.write(async (tx) => {
        time += cost
        await tx.settings.set(name, '')
        return name
      }),
    /** A write that fails; before or after it has written something. */
    fail: (name: string, when: 'before' | 'after'): Promise<never> =>
      writes.write(async (tx) => {
        if (when === 'after') await tx.settings.set(name, '')
        else await tx.settings.get(name)
        throw new Error(name)
      }),
    values: () =>
      Object.fromEntries(
        database
          .prepare('select name, value from settings')
          .all()
          .map(({ name, value }) => [String(name), value]),
      ),
    names: () =>
      database
        .prepare('select name from settings order by rowid')
        .all()
        .map(({ name }) => String(name)),
  }
}

describe('group commit', () => {
  test('commits the writes of one turn once', async () => {
    const { connection, insert, names } = setUp()
    const wanted = Array.from({ length: 100 }, (_, index) => `write ${index}`)
    expect(await Promise.all(wanted.map((name) => insert(name)))).toEqual(wanted)
    expect(names()).toEqual(wanted)
    expect(connection.count('COMMIT')).toBe(1)
  })

  test('ends a group that takes long, and continues with the next after others had a turn', async () => {
    const { connection, insert, names } = setUp({ cost: 4 })
    const wanted = Array.from({ length: 10 }, (_, index) => `write ${index}`)
    const commits: number[] = []
    const all = Promise.all(wanted.map((name) => insert(name).then(() => commits.push(connection.count('COMMIT')))))
    await all
    expect(names()).toEqual(wanted)
    expect(commits).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4])
  })

  test('answers the members one by one, with turns of others between if they take long', async () => {
    let time = 0
    const answered: number[] = []
    const { writes } = setUp({ now: () => time })
    const all = Promise.all(
      Array.from({ length: 9 }, async (_, index) => {
        await writes.write(async () => undefined)
        time += 6
        answered.push(index)
      }),
    )
    const turns: number[] = []
    while (answered.length < 9) {
      await nextTurn()
      turns.push(answered.length)
    }
    await all
    expect(turns.filter((count) => count > 0)).toEqual([2, 4, 6, 8, 9])
  })

  test('reports the begin of a group, and its commit before anyone is answered', async () => {
    const { events, insert } = setUp()
    await insert('first').then(() => events.push('answered'))
    expect(events).toEqual(['beginning', 'committed after COMMIT', 'answered'])
  })

  test('limits the size of a group', async () => {
    const { connection, insert } = setUp()
    await Promise.all(Array.from({ length: 600 }, (_, index) => insert(`write ${index}`)))
    expect(connection.count('COMMIT')).toBe(3)
  })

  test('runs a single write without a savepoint', async () => {
    const { connection, insert } = setUp()
    await insert('first')
    await insert('second')
    expect(connection.commands).toEqual(['BEGIN IMMEDIATE', 'COMMIT', 'BEGIN IMMEDIATE', 'COMMIT'])
  })

  test('undoes a failing write, wherever it is in the group', async () => {
    const { connection, fail, insert, names } = setUp()
    const all = [fail('a', 'after'), insert('b'), fail('c', 'after'), insert('d'), fail('e', 'after')]
    const results = await Promise.allSettled(all)
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled', 'rejected'])
    expect(names()).toEqual(['b', 'd'])
    expect(connection.count('COMMIT')).toBe(1)
  })

  test('goes on after a write that failed before it wrote anything', async () => {
    const { connection, fail, insert, names } = setUp()
    const results = await Promise.allSettled([fail('a', 'before'), insert('b'), fail('c', 'before'), insert('d')])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
    expect(names()).toEqual(['b', 'd'])
    expect(connection.commands).toEqual(['BEGIN IMMEDIATE', 'COMMIT'])
  })

  test('leaves no transaction open after writes that failed before they wrote anything', async () => {
    const { connection, fail } = setUp()
    await Promise.allSettled([fail('a', 'before'), fail('b', 'before')])
    expect(connection.commands).toEqual(['BEGIN IMMEDIATE', 'ROLLBACK'])
  })

  test('answers each write once, and in order, when one of them must be undone', async () => {
    const { fail, insert } = setUp()
    const answered: string[] = []
    const note = (name: string, write: Promise<unknown>) =>
      write.then(
        () => answered.push(name),
        () => answered.push(`not ${name}`),
      )
    await Promise.all(['a', 'b', 'c', 'd'].map((name) => note(name, name === 'c' ? fail(name, 'after') : insert(name))))
    expect(answered).toEqual(['not c', 'a', 'b', 'd'])
  })

  test('runs others twice only now and then, however often a write must be undone', async () => {
    const { fail, writes } = setUp()
    let runs = 0
    const rounds = 100
    for (let round = 0; round < rounds; round++) {
      const other = writes.write(async (tx) => {
        runs++
        await tx.settings.set('other', String(round))
      })
      await Promise.allSettled([other, fail('a', 'after')])
    }
    expect(runs).toBeGreaterThan(rounds)
    expect(runs).toBeLessThan(rounds * 1.05)
  })

  test('does what the writes would do one by one, however they fail and whenever they come', async () => {
    const step = fc.record({
      name: fc.constantFrom('a', 'b', 'c'),
      fails: fc.constantFrom('never', 'before', 'after'),
      turns: fc.nat({ max: 1 }),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const { writes, values } = setUp()
        const expected: Record<string, string> = {}
        const answers: Promise<void>[] = []
        for (const [at, { name, fails, turns }] of steps.entries()) {
          // What a write reads is what all earlier ones that were not refused have left.
          const before = { ...expected }
          if (fails === 'never') expected[name] = `${before[name] ?? ''}${at}.`
          const write = writes.write(async (tx) => {
            const old = await tx.settings.get(name)
            if (fails === 'before') throw new Error('refused')
            await tx.settings.set(name, `${old ?? ''}${at}.`)
            if (fails === 'after') throw new Error('refused')
            return old
          })
          answers.push(
            fails === 'never' ? expect(write).resolves.toBe(before[name]) : expect(write).rejects.toThrow('refused'),
          )
          for (let turn = 0; turn < turns; turn++) await nextTurn()
        }
        await Promise.all(answers)
        expect(values()).toEqual(expected)
      }),
    )
  })

  test('fails the whole group when the commit fails, and continues', async () => {
    const { connection, writes, insert, names } = setUp()
    const orphan = writes.write(async () => connection.database.exec('insert into children values (1)'))
    const results = await Promise.allSettled([orphan, insert('with it')])
    for (const result of results) {
      expect(result).toMatchObject({ status: 'rejected', reason: { message: 'FOREIGN KEY constraint failed' } })
    }
    expect(names()).toEqual([])
    expect(connection.database.isTransaction).toBe(false)
    expect(await insert('later')).toBe('later')
  })

  test('fails the whole group when the engine rolls it back', async () => {
    const { connection, writes, insert, names } = setUp()
    const before = insert('before')
    const rollsBack = writes.write(async () => {
      connection.database.exec('insert or rollback into parents values (1), (1)')
    })
    // The last one is in the next group, not in the lost one.
    const results = await Promise.allSettled([before, rollsBack, insert('after')])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'fulfilled'])
    expect(names()).toEqual(['after'])
  })

  test('fails everyone who waits when it cannot begin', async () => {
    const { connection, insert, names } = setUp()
    connection.database.exec('BEGIN')
    const results = await Promise.allSettled([insert('a'), insert('b')])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    connection.database.exec('ROLLBACK')
    expect(await insert('c')).toBe('c')
    expect(names()).toEqual(['c'])
  })
})
