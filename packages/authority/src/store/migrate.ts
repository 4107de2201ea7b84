// Brings a database to the version that this program knows, forward only. Kysely's Migrator cannot recognize a database
// that is newer than the program, writes its own tables before it looks, and needs a live Kysely driver.
import { StartupError } from '../domain/errors.ts'
import { runParts } from './migration-parts.ts'
import { sqlOf, type EngineWords, type Migration, type MigrationTarget } from './migration.ts'
import { migrations as known } from './migrations.ts'
import { StoreTrouble } from './trouble.ts'

/** The version that this program works with. */
export const newestVersion: number = known.at(-1)?.version ?? 0

/** Called with a sentence that says how far a migration is. */
export type Progress = (sentence: string) => void

/**
 * Runs the migrations that the database has not seen, each in its own transaction, or in parts if it takes long. If the
 * program is killed, the next start goes on from there and repeats nothing. A new database is made in one transaction.
 * @throws StartupError `database_newer_than_program`, with nothing changed.
 */
export async function migrate(
  target: MigrationTarget,
  now: number,
  progress: Progress = () => {},
  migrations: readonly Migration[] = known,
): Promise<void> {
  const newest = migrations.at(-1)?.version ?? 0
  let version = await readVersion(target, newest)
  while (version < newest) {
    const from = version
    const next = migrations.filter((migration) => migration.version > from)
    const [first] = next
    if (first === undefined) return
    const say = (what: string): void => {
      progress(`The database is brought from version ${from} to ${first.version} of ${newest}: ${what}.`)
    }
    const statements = first.statements(target.words)
    const inParts = from > 0 && statements.some((statement) => typeof statement !== 'string')
    version = await target[inParts ? 'alone' : 'exclusively'](async () => {
      // Read again: another process may have taken the step while this one waited for its turn.
      const found = await readVersion(target, newest)
      if (found !== from) return found
      if (inParts) {
        await runParts(target, first.version, statements, { say, end: () => note(target, first, now) })
        return first.version
      }
      if (from > 0) say(first.name)
      else await target.execute(tableOf(target.words))
      const all = from > 0 ? [first] : next
      for (const migration of all) {
        for (const statement of migration.statements(target.words)) await target.execute(sqlOf(statement))
        await note(target, migration, now)
      }
      return from > 0 ? first.version : newest
    })
  }
}

function tableOf({ integer, text }: EngineWords): string {
  return `create table migrations (version ${integer} primary key, name ${text} not null, applied_at ${integer} not null)`
}

async function note(target: MigrationTarget, { version, name }: Migration, now: number): Promise<void> {
  await target.execute(`insert into migrations values (${version}, '${name}', ${now})`)
}

/**
 * Called in every write: another program may have brought the database further while this one ran.
 * @throws StoreTrouble `outdated`
 */
export function expectOwn(version: number): void {
  if (version !== newestVersion) throw new StoreTrouble('outdated', 'unchanged')
}

/**
 * Called by a program that works on a database without migrating it.
 * @throws StartupError `database_newer_than_program` or `database_outdated`
 */
export function expectCurrent(version: number): void {
  const newest = newestVersion
  expectNotNewer(version)
  if (version < newest) {
    throw new StartupError(
      'database_outdated',
      `The database is at version ${version}, and this program works with version ${newest}. Start the server of this ` +
        'program on it first, which brings it up to date. Nothing was changed.',
    )
  }
}

async function readVersion(target: MigrationTarget, newest: number): Promise<number> {
  const version = await target.currentVersion()
  expectNotNewer(version, newest)
  return version
}

/** @throws StartupError `database_newer_than_program` */
export function expectNotNewer(version: number, newest = newestVersion): void {
  if (version <= newest) return
  throw new StartupError(
    'database_newer_than_program',
    `The database is at version ${version}, and this program knows only versions up to ${newest}. ` +
      'Start the newer program, or restore a backup from before the upgrade. Nothing was changed.',
  )
}
