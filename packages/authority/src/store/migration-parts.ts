// Runs a migration that takes long if there are rows: in parts, beside programs that read and write, each part once.
import { sqlOf, type MigrationTarget, type Statement } from './migration.ts'

/**
 * Does the parts that are not done yet, and calls `end` in the transaction that ends the migration.
 * @param say called with the part that begins, and how far it is
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
        // In the same transaction, so that no program of the version before can write after the last part.
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

/** Fills the rows in steps, in the order of their ids, and stores the last id that is done. */
async function fill(target: MigrationTarget, update: string, say: (what: string) => void): Promise<void> {
  const filled = '(select filled from migration_under_way)'
  const all = await target.count('select count(*) from tokens')
  const before = await target.count(`select count(*) from tokens where id <= ${filled}`)
  for (let step = 0, isOver = false; !isOver; step++) {
    if (step % stepsOfReport === 0) say(`${written(before + step * stepSize)} of ${written(all)} tokens`)
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

/** Rows of one transaction, which takes some tens of milliseconds. Others who change these rows wait so long. */
const stepSize = 2000

const stepsOfReport = 25

function written(count: number): string {
  return count.toLocaleString('en')
}
