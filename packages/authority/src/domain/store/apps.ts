// The store's contract: apps of organisations.
import type { App } from '../app.ts'
import type { Organisation } from '../organisation.ts'

export interface AppReads {
  byId(id: number): Promise<App | undefined>
  /** With its organisation, because every caller needs both. */
  byName(name: string): Promise<{ readonly app: App; readonly organisation: Organisation } | undefined>
  /** Undefined if there is no such app. */
  counts(id: number): Promise<AppCounts | undefined>
  byIdempotencyKey(organisationId: number, key: string): Promise<App | undefined>
  /** The first apps by name, after this name. */
  page(
    organisationId: number,
    query: { readonly limit: number; readonly after?: string },
  ): Promise<readonly ListedApp[]>
}

/** How many machines and volumes an app has that are not destroyed. */
export interface AppCounts {
  readonly machineCount: number
  readonly volumeCount: number
}

interface ListedApp extends App, AppCounts {}

export interface AppWrites extends AppReads {
  insert(app: Omit<App, 'id'>): Promise<App>
  /** The tokens limited to the app stay, for the record. Revoke them first. */
  delete(id: number): Promise<void>
}
