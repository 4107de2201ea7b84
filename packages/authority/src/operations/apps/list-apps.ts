// app.list: the apps of one organisation, or of all that the caller reaches, by name; one page of them, or all.
import { actions } from '@hallpass/macaroon'

import type { App } from '../../domain/app.ts'
import type { Organisation } from '../../domain/organisation.ts'
import type { Page } from '../../domain/page.ts'
import type { ReadTransaction } from '../../domain/store.ts'
import { countCaveats } from '../perform/allowance.ts'
import { allows, findSource } from '../perform/authorise.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import type { ShownApp } from './find-app.ts'
import type { Caller, OperationContext, ReadOperation } from '../perform/operation.ts'
import { isOwn, type Credential } from '../perform/principal.ts'

export interface PageApps {
  /** If absent, all organisations that the caller reaches. */
  readonly slug: string | undefined
  /** Infinity for all. */
  readonly limit: number
  /** The name of the last app seen. */
  readonly after: string | undefined
  /** The part of the answer that was found before. */
  readonly begun?: Begun
}

export interface AppsPage extends Page<ShownApp, string> {
  /** Present if the answer is not whole yet. */
  readonly begun?: Begun
}

/** The progress of an answer that is made in pieces. */
interface Begun {
  /** The id of the current organisation; those with smaller ids are done. */
  readonly organisationId: number
  /** Its last app that was read. */
  readonly from: string | undefined
  readonly found: readonly ShownApp[]
}

/** The credentials that show the apps of one organisation: any of them is enough. */
interface View {
  readonly organisation: Organisation
  readonly credentials: readonly Credential[]
}

/** In one snapshot, so that it takes a few milliseconds. */
const rowsOfPiece = 250
const checksOfPiece = 2500

export const pageApps: ReadOperation<PageApps, Organisation | undefined, AppsPage> = {
  name: 'app.list',
  mode: 'read',

  async access(context, { slug }) {
    if (slug !== undefined) return accessOrganisation(context, slug, { action: actions.read })
    return { subject: undefined, requirement: { kind: 'credential' }, target: 'apps', organisationId: null }
  },

  async run(context, { input, subject: organisation, actor }) {
    const { limit, after, begun } = input
    const views = organisation === undefined ? await viewsOf(context) : [{ organisation, credentials: [actor] }]
    // One more than the page holds, to find out whether another page follows.
    const wanted = limit + 1
    const source = findSource(context.caller)
    let found = begun?.found ?? []
    let rows = rowsOfPiece
    let checks = checksOfPiece
    const spend = (more: number) => {
      checks -= more
      context.caller.spend(more)
    }
    for (const view of views) {
      const { id: organisationId } = view.organisation
      if (organisationId < (begun?.organisationId ?? 0)) continue
      const own = isOwn(context.principal, view.organisation)
      const maySee = judgeOf(view, context.now, source, spend)
      let from = organisationId === begun?.organisationId ? begun.from : after
      let more = true
      while (more) {
        if (rows <= 0 || checks <= 0) return { items: [], begun: { organisationId, from, found } }
        const asked = Math.min(wanted, rows)
        const apps = await context.tx.apps.page(organisationId, {
          limit: asked,
          ...(from === undefined ? {} : { after: from }),
        })
        rows -= apps.length + 1
        const visible: ShownApp[] = []
        let seen = 0
        for (const app of apps) {
          if (checks <= 0) break
          const { machineCount, volumeCount } = app
          if (maySee(app)) visible.push({ app, machineCount, volumeCount, organisation: view.organisation, own })
          from = app.name
          seen += 1
        }
        // Names are one namespace, so the first in every organisation are the first of all.
        if (visible.length > 0) found = merge(found, visible).slice(0, wanted)
        const isFull = found.length === wanted && (found.at(-1)?.app.name ?? '') <= (from ?? '')
        more = !isFull && (apps.length === asked || seen < apps.length)
      }
    }
    const items = found.slice(0, limit)
    const last = items.at(-1)
    return found.length > limit && last !== undefined ? { items, next: last.app.name } : { items }
  },

  rest: (input, { begun }) => (begun === undefined ? undefined : { ...input, begun }),
}

/** Every organisation that a credential reaches, by id, with all credentials that reach it. */
async function viewsOf({ tx, principal }: OperationContext<ReadTransaction>): Promise<readonly View[]> {
  const views = new Map<number, { readonly organisation: Organisation; readonly credentials: Credential[] }>()
  const add = (organisation: Organisation | undefined, credential: Credential) => {
    if (organisation === undefined) return
    const view = views.get(organisation.id)
    if (view === undefined) views.set(organisation.id, { organisation, credentials: [credential] })
    else view.credentials.push(credential)
  }
  for (const credential of principal.credentials) {
    if (credential.kind === 'token') add(await tx.organisations.byId(credential.record.organisationId), credential)
    else for (const { organisation } of await tx.organisations.ofUser(credential.user.id)) add(organisation, credential)
  }
  return [...views.values()].toSorted((a, b) => a.organisation.id - b.organisation.id)
}

/** A member reads every app of the organisation; a token reads those that its caveats allow (Go flyio.AppsAllowing). */
function judgeOf(
  { organisation, credentials }: View,
  now: number,
  source: ReturnType<typeof findSource>,
  spend: Caller['spend'],
) {
  if (credentials.some(({ kind }) => kind === 'user')) return () => true
  const judges = credentials.flatMap((credential) => {
    if (credential.kind !== 'token') return []
    const { caveats, otherDischarges } = credential.verified
    // If one ticket has several discharges, try them before choosing one.
    const tried =
      otherDischarges.length === 0 ? [] : [...caveats, ...otherDischarges.flatMap((one) => one.unsafeCaveats)]
    const checks = countCaveats([...caveats, ...tried])
    return (app: App) => {
      spend(checks)
      return allows(credential, organisation, { appId: BigInt(app.id), action: actions.read, ...source }, now)
    }
  })
  return (app: App) => judges.some((judge) => judge(app))
}

/** Both in the order of names. Most often one organization's next apps come last, and sorting all again would take longer with each piece. */
function merge(found: readonly ShownApp[], next: readonly ShownApp[]): readonly ShownApp[] {
  const both = [...found, ...next]
  return (found.at(-1)?.app.name ?? '') < (next[0]?.app.name ?? '') ? both : both.sort(byName)
}

function byName({ app: a }: ShownApp, { app: b }: ShownApp): number {
  return a.name < b.name ? -1 : 1
}
