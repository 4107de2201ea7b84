// A store beside servers that may run, for what the operator does by hand.
import type { AuditActor, AuditEvent } from '../domain/audit-event.ts'
import { StartupError } from '../domain/errors.ts'
import type { Store } from '../domain/store.ts'
import { openStoreBeside } from '../store/open.ts'
import { findExposure } from '../store/sqlite-files.ts'
import type { InstallationPlace } from './backup.ts'

export type Place = Pick<InstallationPlace, 'dataDirectory' | 'databaseUrl'>

export const operator: AuditActor = { kind: 'nobody', id: '', label: 'operator' }

/** What the operator did to somebody or something, for the audit trail. `at` in milliseconds. */
export function eventOf(operation: string, target: string, at: number): AuditEvent {
  return {
    at,
    organisationId: null,
    operation,
    outcome: 'allowed',
    actor: operator,
    target,
    reason: '',
    requestId: '',
  }
}

/** @throws StartupError `data_directory_exposed`, or an error of the store */
export async function beside<T>({ dataDirectory, databaseUrl }: Place, work: (store: Store) => Promise<T>): Promise<T> {
  if (databaseUrl === undefined) {
    const [exposure] = findExposure(dataDirectory, 'operator')
    if (exposure !== undefined) throw new StartupError('data_directory_exposed', exposure)
  }
  const store = await openStoreBeside(databaseUrl === undefined ? { directory: dataDirectory } : { url: databaseUrl })
  try {
    return await work(store)
  } finally {
    await store.close()
  }
}
