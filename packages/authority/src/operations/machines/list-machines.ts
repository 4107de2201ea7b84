// machine.list: the machines of an app, or of an organisation, by id, a page at a time.
import { actions, type Access } from '@hallpass/macaroon'

import type { Machine } from '../../domain/machine.ts'
import { readMetadata } from '../../domain/machine-config.ts'
import type { Organisation } from '../../domain/organisation.ts'
import { pageOf, type Page } from '../../domain/page.ts'
import type { MachineQuery } from '../../domain/store/machines.ts'
import { accessApp, type FoundApp } from '../apps/find-app.ts'
import { accessOrganisation } from '../organisations/find-organisation.ts'
import { countCaveats } from '../perform/allowance.ts'
import { allows, findSource } from '../perform/authorise.ts'
import type { Caller, ReadOperation } from '../perform/operation.ts'
import type { Credential } from '../perform/principal.ts'
import type { ShownMachine } from './find-machine.ts'

/** An empty list matches all machines. */
interface MachineFilter {
  readonly withDestroyed: boolean
  readonly states: readonly string[]
  readonly regions: readonly string[]
}

export interface ListMachines extends MachineFilter {
  readonly appName: string
  /** All of these. */
  readonly metadata: readonly (readonly [key: string, value: string])[]
  readonly withEvents: boolean
  /** The id of the last machine seen. */
  readonly after: string | undefined
}

/** In one snapshot, so that it takes a few milliseconds; of configurations as long as they may be, four megabytes. */
const rowsOfPage = 64
const eventsOfListed = 10

export const listMachines: ReadOperation<ListMachines, FoundApp, Page<ShownMachine, string>> = {
  name: 'machine.list',
  mode: 'read',

  access: (context, { appName }) => accessApp(context, appName, actions.read),

  async run({ tx }, { input, subject }) {
    const { after, metadata, withEvents } = input
    const rows = await tx.machines.ofApp(subject.app.id, queryOf(input, rowsOfPage + 1, after))
    const found = rows
      .slice(0, rowsOfPage)
      .filter((machine) => passes(machine, input) && hasMetadata(machine, metadata))
      .map(async (machine) => {
        const events = withEvents ? await tx.machines.events(machine.id, eventsOfListed) : []
        return { ...subject, machine, events }
      })
    return pageOf(await Promise.all(found), rows, rowsOfPage)
  },
}

export interface PageMachines extends MachineFilter {
  readonly slug: string
  readonly limit: number
  /** The id of the last machine seen. */
  readonly after: string | undefined
  readonly updatedAfter: number | undefined
}

export interface OrganisationMachine {
  readonly machine: Machine
  /** Undefined if the app is deleted. */
  readonly appName: string | undefined
}

export const pageMachines: ReadOperation<PageMachines, Organisation, Page<OrganisationMachine, string>> = {
  name: 'machine.list_all',
  mode: 'read',

  access: (context, { slug }) => accessOrganisation(context, slug, { action: actions.read }),

  async run({ tx, now, caller }, { input, subject: organisation, actor }) {
    const mayRead = judgeOf(actor, organisation, now, caller)
    const names = new Map<number, string | undefined>()
    const items: OrganisationMachine[] = []
    const rows = await tx.machines.ofOrganisation(organisation.id, queryOf(input, input.limit + 1, input.after))
    for (const machine of rows.slice(0, input.limit)) {
      const { appId } = machine
      if (!passes(machine, input) || !mayRead({ appId: BigInt(appId), machine: machine.id })) continue
      if (!names.has(appId)) names.set(appId, (await tx.apps.byId(appId))?.name)
      items.push({ machine, appName: names.get(appId) })
    }
    return pageOf(items, rows, input.limit)
  },
}

/** A member reads all machines; a token those of the apps that it reads, and its caveats may exclude some of them. */
export function judgeOf(actor: Credential, organisation: Organisation, now: number, caller: Caller) {
  if (actor.kind === 'user') return () => true
  const source = findSource(caller)
  const checks = countCaveats(actor.verified.caveats)
  return (place: Pick<Access, 'appId' | 'machine' | 'volume'>) => {
    caller.spend(checks)
    return allows(actor, organisation, { ...place, action: actions.read, ...source }, now)
  }
}

function queryOf(
  { withDestroyed, updatedAfter }: { readonly withDestroyed: boolean; readonly updatedAfter?: number | undefined },
  limit: number,
  after: string | undefined,
): MachineQuery {
  return {
    limit,
    withDestroyed,
    ...(after === undefined ? {} : { after }),
    ...(updatedAfter === undefined ? {} : { updatedAfter }),
  }
}

function passes({ state, region }: Machine, { states, regions }: MachineFilter): boolean {
  return (states.length === 0 || states.includes(state)) && (regions.length === 0 || regions.includes(region))
}

function hasMetadata({ metadata }: Machine, wanted: ListMachines['metadata']): boolean {
  if (wanted.length === 0) return true
  const has = new Map(Object.entries(readMetadata(metadata)))
  return wanted.every(([key, value]) => has.get(key) === value)
}
