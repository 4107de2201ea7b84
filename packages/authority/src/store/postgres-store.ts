// The store over PostgreSQL.
import type { Store } from '../domain/store.ts'

export interface PostgresStoreOptions {
  readonly url: string
}
export async function openPostgresStore(_options: PostgresStoreOptions): Promise<Store> {
  throw new Error('not yet')
}
