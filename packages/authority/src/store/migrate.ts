// Brings a database to the version that this program knows, forward only. Kysely's Migrator has no word for a database
// that is newer than the program, writes its own tables before it looks, and needs a live Kysely driver: hence this.
import { StartupError } from '../domain/errors.ts'
import type { EngineWords, Migration } from './migration.ts'
import { migrations as known } from './migrations.ts'

/** The version that this program works with. */
export const newestVersion: number = known.at(-1)?.version ?? 0

/** What an engine does for its migration. */
export interface MigrationTarget {
  readonly words: EngineWords
  /** The version of the last migration that the database has seen; 0 where there was none. */
  currentVersion(): Promise<number>
  execute(sql: string): Promise<void>
  /** Runs `work` in one transaction, and as the only process that does. */
  exclusively(work: () => Promise<void>): Promise<void>
}

/**
 * Runs the migrations that the database has not seen, all in one transaction.
 * @throws StartupError `database_newer_than_program`, with nothing changed.
 */
export async function migrate(
  target: MigrationTarget,
  now: number,
  migrations: readonly Migration[] = known,
): Promise<void> {
  const newest = migrations.at(-1)?.version ?? 0
  if ((await readVersion(target, newest)) === newest) return
  await target.exclusively(async () => {
    // Once more: another process may have migrated while this one waited for its turn.
    const version = await readVersion(target, newest)
    if (version === 0) {
      const { integer, text } = target.words
      await target.execute(
        `create table migrations (version ${integer} primary key, name ${text} not null, applied_at ${integer} not null)`,
      )
    }
    for (const migration of migrations) {
      if (migration.version <= version) continue
      for (const statement of migration.statements(target.words)) await target.execute(statement)
      await target.execute(`insert into migrations values (${migration.version}, '${migration.name}', ${now})`)
    }
  })
}

/**
 * For whoever works on a database without migrating it.
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
