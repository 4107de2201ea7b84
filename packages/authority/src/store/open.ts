// Opens the configured store. The PostgreSQL client is loaded only if it is used.
import type { Store } from '../domain/store.ts'
import type { PostgresStoreOptions } from './postgres-store.ts'
import type { Examined } from './look.ts'
import { examineSqlite } from './sqlite-look.ts'
import { openSqliteStore, openSqliteStoreBeside, type SqliteStoreOptions } from './sqlite-store.ts'

export { openSqliteStore, type PostgresStoreOptions, type SqliteStoreOptions }

/**
 * Opens the store on PostgreSQL if a `url` is given, otherwise on SQLite in `directory`, and migrates it.
 * @throws StartupError as the function of the engine
 */
export function openStore(options: SqliteStoreOptions | PostgresStoreOptions): Promise<Store> {
  return 'url' in options ? openPostgresStore(options) : openSqliteStore(options)
}

/**
 * Opens the store for the operator, beside a server that may run: takes no lock, makes nothing, migrates nothing.
 * @throws StartupError as {@link openStore}, and `database_outdated`
 */
export async function openStoreBeside(options: SqliteStoreOptions | PostgresStoreOptions): Promise<Store> {
  if (!('url' in options)) return openSqliteStoreBeside(options)
  const engine = await import('./postgres-store.ts')
  return engine.openPostgresStoreBeside(options)
}

/**
 * Examines a database, beside a server that may run, and changes nothing.
 * @throws StartupError if PostgreSQL cannot be reached
 */
export async function examineStore(
  place: { readonly directory: string } | { readonly url: string },
): Promise<Examined> {
  if (!('url' in place)) return examineSqlite(place.directory)
  const engine = await import('./postgres-store.ts')
  return engine.examinePostgres(place)
}

/**
 * Connects to PostgreSQL, and migrates the database.
 * @throws StartupError `database_unreachable` or `database_newer_than_program`; never with the URL, which may contain a
 * password
 */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const engine = await import('./postgres-store.ts')
  return engine.openPostgresStore(options)
}
