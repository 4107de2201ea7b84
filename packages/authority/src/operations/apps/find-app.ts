// Finds an app by name, and makes the access request for it.
import type { Action } from '@hallpass/macaroon'

import type { App } from '../../domain/app.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { AppCounts } from '../../domain/store/apps.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { noneOfName } from '../organisations/find-organisation.ts'
import type { OperationContext, AccessRequest } from '../perform/operation.ts'

export interface FoundApp {
  readonly app: App
  readonly organisation: Organisation
}

/** An app, as shown to the caller. */
export interface ShownApp extends FoundApp, AppCounts {
  /** Whether it belongs to the caller's own personal organisation. */
  readonly own: boolean
}

/**
 * The app with this name, and its organisation.
 * @throws DomainError `not_found`
 */
export async function findApp({ tx }: OperationContext<ReadTransaction>, name: string): Promise<FoundApp> {
  return expectApp(await tx.apps.byName(name), name)
}

function expectApp(found: FoundApp | undefined, name: string): FoundApp {
  if (found === undefined) throw noneOfName('app', name)
  return found
}

/**
 * What an app has.
 * @throws DomainError `not_found`
 */
export async function countsOf(tx: ReadTransaction, { id, name }: App): Promise<AppCounts> {
  const counts = await tx.apps.counts(id)
  if (counts === undefined) throw noneOfName('app', name)
  return counts
}

/**
 * The access request for `action` on the app with this name.
 * @throws DomainError `not_found`
 */
export async function accessApp(
  context: OperationContext<ReadTransaction>,
  name: string,
  action: Action,
): Promise<AccessRequest<FoundApp>> {
  const found = expectApp(await context.tx.apps.byName(name), name)
  const { app, organisation } = found
  return {
    subject: found,
    requirement: { kind: 'access', organisation, access: { action, appId: BigInt(app.id) } },
    target: `app ${name}`,
    organisationId: organisation.id,
  }
}
