// The handlers for actions on a machine: start, stop, wait, lease, metadata, commands and logs.
import { constants } from 'node:os'

import { cordonMachine, signalMachine } from '../../operations/machines/control-machine.ts'
import {
  destroyMachine,
  restartMachine,
  startMachine,
  stopMachine,
  suspendMachine,
} from '../../operations/machines/change-state.ts'
import { execInMachine } from '../../operations/machines/exec-in-machine.ts'
import { acquireLease, releaseLease, showLease } from '../../operations/machines/leases.ts'
import { changeMachineMetadata, showMachineMetadata } from '../../operations/machines/metadata.ts'
import { listProcesses } from '../../operations/machines/list-processes.ts'
import { readLogs } from '../../operations/machines/read-logs.ts'
import { waitForMachine } from '../../operations/machines/wait-for-machine.ts'
import { DomainError } from '../../domain/errors.ts'
import { InvalidInput } from '../http/errors.ts'
import type { Handlers } from '../http/handler.ts'
import type { Exchange } from '../http/exchange.ts'
import { readLogToken, writeLogToken } from '../http/log-token.ts'
import { encodeLease, encodeProcess } from './encode.ts'
import { nameOf, readCommand, readStates } from './read.ts'

type Names =
  | 'deleteMachine'
  | 'startMachine'
  | 'stopMachine'
  | 'suspendMachine'
  | 'restartMachine'
  | 'signalMachine'
  | 'cordonMachine'
  | 'uncordonMachine'
  | 'waitForMachine'
  | 'showLease'
  | 'acquireLease'
  | 'releaseLease'
  | 'showMachineMetadata'
  | 'replaceMachineMetadata'
  | 'changeMachineMetadata'
  | 'showMachineMetadataKey'
  | 'setMachineMetadataKey'
  | 'deleteMachineMetadataKey'
  | 'execInMachine'
  | 'listProcesses'
  | 'readLogs'

const done = { ok: true } as const

/** How long an answer may take, in milliseconds. */
export const timeBounds = {
  wait: { least: 1000, usual: 60_000, most: 60_000 },
  exec: { least: 1000, usual: 30_000, most: 60_000 },
  logs: { least: 0, usual: 0, most: 25_000 },
} as const
const usualLease = 30_000
const usualTail = 100

export const controlHandlers: Handlers<Names> = {
  async deleteMachine({ params, query, body }, { perform, leaseNonce }) {
    const force = [query.force, query.kill, body?.force].includes(true)
    await perform(destroyMachine, { ...nameOf(params), nonce: leaseNonce, force })
    return done
  },

  async startMachine({ params }, { perform, leaseNonce }) {
    const { previousState } = await perform(startMachine, { ...nameOf(params), nonce: leaseNonce })
    return { previous_state: previousState, migrated: false, new_host: '' }
  },

  async stopMachine({ params, body }, { perform, leaseNonce }) {
    const how = { signal: body?.signal ?? undefined, timeout: body?.timeout || undefined }
    await perform(stopMachine, { ...nameOf(params), nonce: leaseNonce, ...how })
    return done
  },

  async suspendMachine({ params }, { perform, leaseNonce }) {
    await perform(suspendMachine, { ...nameOf(params), nonce: leaseNonce })
    return done
  },

  async restartMachine({ params, query, body }, { perform, leaseNonce }) {
    const isForced = query.force_stop ?? body?.force_stop ?? false
    const signal = isForced ? 'SIGKILL' : (query.signal ?? body?.signal ?? undefined)
    const timeout = (query.timeout ?? body?.timeout) || undefined
    await perform(restartMachine, { ...nameOf(params), nonce: leaseNonce, signal, timeout })
    return done
  },

  async signalMachine({ params, body: { signal } }, { perform }) {
    await perform(signalMachine, { ...nameOf(params), signal })
    return done
  },

  async cordonMachine({ params }, { perform, leaseNonce }) {
    await perform(cordonMachine, { ...nameOf(params), nonce: leaseNonce, isCordoned: true })
    return done
  },

  async uncordonMachine({ params }, { perform, leaseNonce }) {
    await perform(cordonMachine, { ...nameOf(params), nonce: leaseNonce, isCordoned: false })
    return done
  },

  async waitForMachine({ params, query }, { perform }) {
    const { result } = await perform(waitForMachine, {
      ...nameOf(params),
      states: readStates(query.state),
      timeout: clamp(query.timeout, timeBounds.wait),
      version: (query.version ?? query.instance_id) || undefined,
      fromEventId: query.from_event_id || undefined,
    })
    if (result === undefined) throw new Error('a wait ended without a result')
    return { ok: true, state: result.state, version: result.version, event_id: result.eventId }
  },

  async showLease({ params }, { perform, leaseNonce }) {
    return encodeLease(await perform(showLease, { ...nameOf(params), nonce: leaseNonce }))
  },

  async acquireLease({ params, query, body }, { perform, leaseNonce }) {
    const asked = query.ttl ?? (body?.ttl == null ? undefined : body.ttl * 1000)
    const ttl = asked || usualLease
    const description = body?.description ?? undefined
    return encodeLease(await perform(acquireLease, { ...nameOf(params), nonce: leaseNonce, ttl, description }))
  },

  async releaseLease({ params }, { perform, leaseNonce }) {
    await perform(releaseLease, { ...nameOf(params), nonce: leaseNonce })
    return done
  },

  showMachineMetadata: async ({ params }, { perform }) => perform(showMachineMetadata, nameOf(params)),

  replaceMachineMetadata: ({ params, body }, exchange) =>
    changeMetadata(params, exchange, { values: body.metadata, replaces: true, version: body.machine_version }),

  changeMachineMetadata: ({ params, body }, exchange) =>
    changeMetadata(params, exchange, { values: body.metadata, replaces: false, version: body.machine_version }),

  async showMachineMetadataKey({ params }, { perform }) {
    const metadata = new Map(Object.entries(await perform(showMachineMetadata, nameOf(params))))
    const value = metadata.get(params.key)
    if (value === undefined) throw new DomainError('not_found', 'not_found: this machine has no metadata of this key')
    return { value }
  },

  setMachineMetadataKey: ({ params, body: { value } }, exchange) =>
    changeMetadata(params, exchange, { values: { [params.key]: value }, replaces: false }),

  deleteMachineMetadataKey: ({ params }, exchange) =>
    changeMetadata(params, exchange, { values: { [params.key]: null }, replaces: false }),

  async execInMachine({ params, body }, { perform }) {
    if (body.container) throw new InvalidInput('container is not served: a machine is one container here', 'container')
    const { result } = await perform(execInMachine, {
      ...nameOf(params),
      argv: readCommand(body),
      input: body.stdin ?? undefined,
      timeout: clamp(body.timeout || undefined, timeBounds.exec),
    })
    if (result === undefined) throw new Error('a command ended without a result')
    return {
      exit_code: result.exitCode,
      exit_signal: result.signal === undefined ? 0 : constants.signals[result.signal],
      stdout: Buffer.from(result.stdout).toString(),
      stderr: Buffer.from(result.stderr).toString(),
      truncated: result.truncated,
    }
  },

  async listProcesses({ params, query: { sort_by, order } }, { perform, now }) {
    const { processes } = await perform(listProcesses, nameOf(params))
    const rows = processes.map((each) => encodeProcess(each, now()))
    return rows.toSorted((one, other) => (order === 'asc' ? 1 : -1) * compare(one[sort_by], other[sort_by]))
  },

  async readLogs({ params, query }, { perform }) {
    const { machines, lines, read } = await perform(readLogs, {
      appName: params.app_name,
      machineId: query.machine || undefined,
      read: readLogToken(query.next_token),
      tail: query.tail ?? usualTail,
      wait: clamp(query.wait, timeBounds.logs),
    })
    const regions = new Map(machines.map(({ id, region }) => [id, region]))
    return {
      lines: lines.map(({ machineId, at, stream, text }) => ({
        machine_id: machineId,
        region: regions.get(machineId) ?? '',
        timestamp: at,
        stream,
        message: text,
      })),
      next_token: writeLogToken(read),
    }
  },
}

function compare(one: number | string, other: number | string): number {
  return typeof one === 'number' ? one - Number(other) : one < other ? -1 : Number(one > other)
}

async function changeMetadata(
  params: Parameters<typeof nameOf>[0],
  { perform }: Exchange,
  change: {
    readonly values: Readonly<Record<string, string | null>>
    readonly replaces: boolean
    readonly version?: string | null | undefined
  },
): Promise<undefined> {
  const { values, replaces, version } = change
  await perform(changeMachineMetadata, { ...nameOf(params), values, replaces, machineVersion: version || undefined })
}

function clamp(
  milliseconds: number | undefined,
  { least, usual, most }: { readonly least: number; readonly usual: number; readonly most: number },
): number {
  return Math.min(most, Math.max(least, milliseconds ?? usual))
}
