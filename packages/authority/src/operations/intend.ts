// What most operations intend: one access to one organisation, or to one app of it.
import type { Access, Action } from '@hallpass/macaroon'

import type { App } from '../domain/app.ts'
import type { Organisation } from '../domain/organisation.ts'
import type { ReadTransaction } from '../domain/store.ts'
import { findApp, findOrganisation } from './find.ts'
import type { Intent, Scene } from './operation.ts'

export interface FoundApp {
  readonly app: App
  readonly organisation: Organisation
}

/** An app as it is shown to whoever asks. */
export interface ShownApp extends FoundApp {
  /** Whether it belongs to the caller's own personal organisation. */
  readonly own: boolean
}

/**
 * To act on the organisation with this slug.
 * @throws DomainError `not_found`
 */
export async function intendOnOrganisation(
  scene: Scene<ReadTransaction>,
  slug: string,
  access: Omit<Access, 'now' | 'orgId'>,
): Promise<Intent<Organisation>> {
  const organisation = await findOrganisation(scene, slug)
  return {
    subject: organisation,
    requirement: { kind: 'access', organisation, access },
    target: `organisation ${organisation.slug}`,
    organisationId: organisation.id,
  }
}

/**
 * To act on the app with this name.
 * @throws DomainError `not_found`
 */
export async function intendOnApp(
  scene: Scene<ReadTransaction>,
  name: string,
  action: Action,
): Promise<Intent<FoundApp>> {
  const found = await findApp(scene, name)
  const { app, organisation } = found
  return {
    subject: found,
    requirement: { kind: 'access', organisation, access: { action, appId: BigInt(app.id) } },
    target: `app ${name}`,
    organisationId: organisation.id,
  }
}
