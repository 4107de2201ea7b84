// app.list, page by page: the apps of one organisation, or of all that the caller reaches, by name.
import { actions } from '@hallpass/macaroon'

import type { App } from '../domain/app.ts'
import type { Organisation } from '../domain/organisation.ts'
import type { Page } from '../domain/page.ts'
import type { ReadTransaction } from '../domain/store.ts'
import { allows } from './authorise.ts'
import { intendOnOrganisation, type ShownApp } from './intend.ts'
import type { Reading, Scene } from './operation.ts'
import { isOwn, type Credential } from './principal.ts'

export interface PageApps {
  /** All organisations that the caller reaches where it is absent. */
  readonly slug: string | undefined
  readonly limit: number
  /** The name of the last app seen. */
  readonly after: string | undefined
}

/** Whose eyes an organisation's apps are seen with. */
interface View {
  readonly organisation: Organisation
  readonly credential: Credential
}

export const pageApps: Reading<PageApps, Organisation | undefined, Page<ShownApp, string>> = {
  name: 'app.list',
  mode: 'read',

  async access(scene, { slug }) {
    if (slug !== undefined) return intendOnOrganisation(scene, slug, { action: actions.read })
    return { subject: undefined, requirement: { kind: 'credential' }, target: 'apps', organisationId: null }
  },

  async run(scene, { input, subject: organisation, actor }) {
    const views = organisation === undefined ? await viewsOf(scene) : [{ organisation, credential: actor }]
    const found = new Map<string, ShownApp>()
    for (const view of views) {
      const own = isOwn(scene.principal, view.organisation)
      for (const app of await visibleApps(scene, view, input)) {
        found.set(app.name, { app, organisation: view.organisation, own })
      }
    }
    // Names are one namespace: what comes first in every organisation comes first in all.
    const names = [...found.keys()].sort().slice(0, input.limit + 1)
    const items = names.slice(0, input.limit).flatMap((name) => found.get(name) ?? [])
    const last = items.at(-1)
    return names.length > input.limit && last !== undefined ? { items, next: last.app.name } : { items }
  },
}

/** Every organisation that a credential reaches; several tokens may look at the same one. */
async function viewsOf({ tx, principal }: Scene<ReadTransaction>): Promise<readonly View[]> {
  const views: View[] = []
  for (const credential of principal.credentials) {
    if (credential.kind === 'user') {
      for (const { organisation } of await tx.organisations.ofUser(credential.user.id)) {
        views.push({ organisation, credential })
      }
    } else {
      const organisation = await tx.organisations.byId(credential.record.organisationId)
      if (organisation !== undefined) views.push({ organisation, credential })
    }
  }
  return views
}

/** The first apps after the cursor that the credential may read, one more than the page holds where there are as many. */
async function visibleApps(
  { tx, now }: Scene<ReadTransaction>,
  { organisation, credential }: View,
  { limit, after }: PageApps,
): Promise<readonly App[]> {
  const wanted = limit + 1
  const visible: App[] = []
  let from = after
  while (visible.length < wanted) {
    const page = await tx.apps.page(organisation.id, { limit: wanted, ...(from === undefined ? {} : { after: from }) })
    visible.push(...page.filter((app) => maySee(credential, organisation, app, now)))
    if (page.length < wanted) break
    from = page.at(-1)?.name
  }
  return visible.slice(0, wanted)
}

/** A member reads every app of the organisation; a token those that its caveats leave it (Go flyio.AppsAllowing). */
function maySee(credential: Credential, organisation: Organisation, app: App, now: number): boolean {
  return (
    credential.kind === 'user' || allows(credential, organisation, { appId: BigInt(app.id), action: actions.read }, now)
  )
}
