// The handlers for machines: from the contract's input to an operation's, and back.
import type { Machine as MachineAnswer } from '@hallpass/client'

import type { MachineConfig } from '../../domain/machine-config.ts'
import { pagesOf } from '../../domain/page.ts'
import { createMachine } from '../../operations/machines/create-machine.ts'
import { leaseOf, type ShownMachine } from '../../operations/machines/find-machine.ts'
import { listMachines, pageMachines } from '../../operations/machines/list-machines.ts'
import { listMachineEvents, listMachineVersions, showMachine } from '../../operations/machines/show-machine.ts'
import { updateMachine } from '../../operations/machines/update-machine.ts'
import { readConfig } from '../../domain/machine-config.ts'
import type { Handlers } from '../http/handler.ts'
import { encodeAll, PagedList } from '../http/pieces.ts'
import { encodeEvent, encodeMachine, encodeOfOrganisation } from './encode.ts'
import { decodeMachineCursor, encodeMachineCursor, nameOf } from './read.ts'

type Names =
  | 'listMachines'
  | 'createMachine'
  | 'listOrganisationMachines'
  | 'showMachine'
  | 'updateMachine'
  | 'listMachineEvents'
  | 'listMachineVersions'

export const machineHandlers: Handlers<Names> = {
  async listMachines({ params, query }, { perform, pause, now, engineAnswers }) {
    const asked = {
      appName: params.app_name,
      ...readFilter(query),
      metadata: Object.entries(query).flatMap(([field, value]) =>
        field.startsWith('metadata.') ? [[field.slice('metadata.'.length), String(value)] as const] : [],
      ),
      withEvents: query.summary !== true,
    }
    const encode = ({ machine, events }: ShownMachine) =>
      query.summary === true
        ? encodeMachine(machine)
        : encodeMachine(machine, {
            engineAnswers: engineAnswers(machine),
            events,
            lease: query.include_leases === true ? leaseOf(machine, now()) : undefined,
          })
    return new PagedList(
      pagesOf<MachineAnswer, string>(async (after) => {
        const page = await perform(listMachines, { ...asked, after })
        return { ...page, items: await encodeAll(page.items, encode, pause, () => 10) }
      }),
    )
  },

  async createMachine({ params, body }, { perform, engineAnswers }) {
    const { machine, events } = await perform(createMachine, {
      appName: params.app_name,
      name: body.name || undefined,
      region: body.region || undefined,
      ...readCreation(body),
    })
    const nonce = body.lease_ttl ? machine.lease?.nonce : undefined
    return encodeMachine(machine, { engineAnswers: engineAnswers(machine), events, nonce })
  },

  async listOrganisationMachines({ params, query }, { perform, pause }) {
    const page = await perform(pageMachines, {
      slug: params.org_slug,
      ...readFilter(query),
      limit: query.limit,
      after: decodeMachineCursor(query.cursor),
      updatedAfter: query.updated_after === undefined ? undefined : Date.parse(query.updated_after),
    })
    const isSummary = query.summary === true
    const machines = await encodeAll(
      page.items,
      (item) => encodeOfOrganisation(item, isSummary),
      pause,
      () => 5,
    )
    const last = machines.at(-1)
    return {
      machines,
      next_cursor: page.next === undefined ? '' : encodeMachineCursor(page.next),
      last_machine_id: last?.id ?? '',
      last_updated_at: last?.updated_at ?? '',
      error_regions: [],
    }
  },

  async showMachine({ params, query }, { perform, now, engineAnswers, pulling }) {
    const { machine, events } = await perform(showMachine, nameOf(params))
    return encodeMachine(machine, {
      engineAnswers: engineAnswers(machine),
      events,
      pull: pulling(machine),
      lease: query.include_leases === true ? leaseOf(machine, now()) : undefined,
    })
  },

  async updateMachine({ params, body }, { perform, leaseNonce, engineAnswers }) {
    const { machine, events } = await perform(updateMachine, {
      ...nameOf(params),
      nonce: leaseNonce,
      currentVersion: body.current_version || undefined,
      ...readCreation(body),
    })
    const nonce = body.lease_ttl ? machine.lease?.nonce : undefined
    return encodeMachine(machine, { engineAnswers: engineAnswers(machine), events, nonce })
  },

  async listMachineEvents({ params, query: { limit } }, { perform }) {
    return (await perform(listMachineEvents, { ...nameOf(params), limit })).map(encodeEvent)
  },

  async listMachineVersions({ params }, { perform, pause }) {
    const versions = await perform(listMachineVersions, nameOf(params))
    return encodeAll(
      versions,
      ({ version, config }) => ({ version, user_config: readConfig(config) }),
      pause,
      () => 10,
    )
  },
}

interface Creation {
  readonly config: MachineConfig
  readonly lease_ttl?: number | null | undefined
  readonly skip_launch?: boolean | null | undefined
  readonly skip_secrets?: boolean | null | undefined
  readonly min_secrets_version?: number | null | undefined
}

function readCreation({ config, lease_ttl, skip_launch, skip_secrets, min_secrets_version }: Creation) {
  return {
    config,
    leaseTtl: lease_ttl ? lease_ttl * 1000 : undefined,
    skipLaunch: skip_launch === true,
    skipSecrets: skip_secrets === true,
    minSecretsVersion: min_secrets_version ?? 0,
  }
}

interface Filters {
  readonly include_deleted?: boolean | undefined
  readonly region?: readonly string[] | undefined
  readonly state?: readonly string[] | undefined
}

function readFilter({ include_deleted, region, state }: Filters) {
  return { withDestroyed: include_deleted === true, states: state ?? [], regions: region ?? [] }
}
