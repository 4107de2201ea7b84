// The store's contract: apps of organisations.
import type { App } from '../app.ts'
import type { Organisation } from '../organisation.ts'

export interface AppReads {
  byId(id: number): Promise<App | undefined>
  /** With its organisation: both are needed wherever one is. */
  byName(name: string): Promise<{ readonly app: App; readonly organisation: Organisation } | undefined>
  byIdempotencyKey(organisationId: number, key: string): Promise<App | undefined>
  /** The first by name, after the one of this name. */
  page(organisationId: number, query: { readonly limit: number; readonly after?: string }): Promise<readonly App[]>
}

export interface AppWrites extends AppReads {
  insert(app: Omit<App, 'id'>): Promise<App>
  /** The tokens that were limited to it stay, for the record: revoke them first. */
  delete(id: number): Promise<void>
}
