// A migration that takes long where there are rows: in parts beside what reads and writes, each done once and kept.
import { sqlOf, type MigrationTarget, type Statement } from './migration.ts'

/**
 * Does what is not done yet; `end` in the transaction that ends it.
 * @param say receives what begins, and how far it is
 */
export async function runParts(
  target: MigrationTarget,
  version: number,
  statements: readonly Statement[],
  { say, end }: { readonly say: (what: string) => void; readonly end: () => Promise<void> },
): Promise<void> {
  const { integer, bytes } = target.words
  await target.beside(async () => {
    await target.execute(`create table if not exists migration_under_way
      (version ${integer} not null primary key, done ${integer} not null, filled ${bytes} not null, next ${bytes})`)
    await target.execute(`insert into migration_under_way values (${version}, 0, cast('' as ${bytes}), null)
      on conflict do nothing`)
  })
  const count = statements.length
  let done = await target.count('select done from migration_under_way')
  const keep = (): Promise<void> =>
    target.execute(`update migration_under_way set done = ${done}, filled = cast('' as ${bytes})`)
  for (;;) {
    const [at, long] = [...statements.entries()].find(([i, each]) => i >= done && typeof each === 'object') ?? [count]
    const short = statements.slice(done, at)
    const part = (what: string): void => say(`${what} (part ${done + 1} of ${count})`)
    if (short.length > 0) part('tables and columns')
    done = at
    if (short.length > 0 || at === count) {
      await target.exclusively(async () => {
        for (const statement of short) await target.execute(sqlOf(statement))
        if (at < count) return keep()
        // In the same transaction: nobody who knows only the version before writes after the last of it.
        await target.execute('drop table migration_under_way')
        await end()
      })
    }
    if (typeof long !== 'object') return
    if (long.kind === 'index') {
      part(`index ${long.name}`)
      await target.buildIndex(long)
    } else await fill(target, sqlOf(long), part)
    done += 1
    await target.beside(keep)
  }
}

/** So many rows at a time, in the order of their ids, of which the last one that is done is kept. */
async function fill(target: MigrationTarget, update: string, say: (what: string) => void): Promise<void> {
  const filled = '(select filled from migration_under_way)'
  const all = await target.count('select count(*) from tokens')
  const before = await target.count(`select count(*) from tokens where id <= ${filled}`)
  for (let step = 0, isOver = false; !isOver; step++) {
    if (step % stepsToTell === 0) say(`${written(before + step * stepSize)} of ${written(all)} tokens`)
    isOver = await target.beside(async () => {
      await target.execute(`update migration_under_way set next = (
        select id from (select id from tokens where id > ${filled} order by id limit ${stepSize}) as step
        order by id desc limit 1)`)
      await target.execute(`${update} where id > ${filled} and id <= (select next from migration_under_way)`)
      await target.execute('update migration_under_way set filled = next where next is not null')
      return (await target.count('select count(next) from migration_under_way')) === 0
    })
  }
}

/** Rows of one transaction: some tens of milliseconds, for which others that change them wait. */
const stepSize = 2000

const stepsToTell = 25

function written(count: number): string {
  return count.toLocaleString('en')
}
