// Encodes machines, their events and leases as the Machines API has them.
import type { Lease, Machine as MachineAnswer, MachineEvent as EventAnswer, Process } from '@hallpass/client'

import type { Machine, MachineEvent, MachineLease } from '../../domain/machine.ts'
import type { ImageProgress, MachineProcess } from '../../domain/machine-runner.ts'
import { readConfig, readMetadata, type MachineConfig } from '../../domain/machine-config.ts'
import type { OrganisationMachine } from '../../operations/machines/list-machines.ts'
import { encodeRunLabels } from '../http/encode-run-labels.ts'

/** Parts of a machine that lists do not show. */
export interface ShownParts {
  readonly engineAnswers: boolean
  readonly events: readonly MachineEvent[]
  /** The progress of its image. */
  readonly pull?: ImageProgress | undefined
  /** The lease without its nonce, if it was asked for. */
  readonly lease?: MachineLease | undefined
  /** The nonce of a lease that the same request took. */
  readonly nonce?: string | undefined
}

/** A machine; a summary if no parts are given. */
export function encodeMachine(machine: Machine, parts?: ShownParts): MachineAnswer {
  const { id, name, state, region, version, address, createdAt, updatedAt } = machine
  const image = encodeImage(machine.image)
  return {
    id,
    name,
    state,
    region,
    instance_id: version,
    version,
    private_ip: address ?? '',
    ...(parts === undefined ? {} : { config: configOf(machine) }),
    ...(image === undefined ? {} : { image_ref: image }),
    ...encodeRunLabels(machine.runLabels),
    created_at: encodeInstant(createdAt),
    updated_at: encodeInstant(updatedAt),
    ...(parts === undefined ? {} : encodeParts(machine, parts)),
  }
}

function encodeParts(
  machine: Machine,
  { engineAnswers, events, pull, lease, nonce }: ShownParts,
): Partial<MachineAnswer> {
  return {
    events: events.map(encodeEvent),
    checks: [],
    host_status: engineAnswers ? 'ok' : 'unreachable',
    // fly-go reads this one then. `config` stays, because the authority knows it even if the engine does not answer.
    ...(engineAnswers ? {} : { incomplete_config: configOf(machine) }),
    ...(machine.isCordoned ? { cordoned: true } : {}),
    ...(pull === undefined ? {} : { pull: { phase: pull.phase, bytes: pull.bytes, total_bytes: pull.totalBytes } }),
    ...(nonce === undefined ? {} : { nonce }),
    ...(lease === undefined
      ? {}
      : { lease: { description: lease.description, expires_at: inSeconds(lease.expiresAt), owner: lease.owner } }),
  }
}

export function encodeOfOrganisation({ machine, appName }: OrganisationMachine, isSummary: boolean) {
  const { id, name, region, state, version, address, createdAt, updatedAt } = machine
  return {
    id,
    app_name: appName ?? '',
    name,
    region,
    state,
    version,
    private_ip: address ?? '',
    ...encodeRunLabels(machine.runLabels),
    created_at: encodeInstant(createdAt),
    updated_at: encodeInstant(updatedAt),
    ...(isSummary ? {} : { config: chosenOf(configOf(machine)) }),
  }
}

function chosenOf({ image, guest, metadata }: MachineConfig) {
  return { image, guest, metadata }
}

export function encodeEvent({ id, type, status, source, at, request }: MachineEvent): EventAnswer {
  return {
    id,
    type,
    status,
    source,
    timestamp: at,
    ...(request === null ? {} : { request: JSON.parse(request) as Record<string, unknown> }),
  }
}

export function encodeProcess(
  { pid, startedAt, command, directory, cpu, memory }: MachineProcess,
  now: number,
): Process {
  const started = Math.floor(startedAt.getTime() / 1000)
  return {
    pid,
    stime: started,
    rtime: Math.max(0, Math.floor(now / 1000) - started),
    command,
    directory,
    cpu: Math.round(cpu),
    rss: memory,
    listen_sockets: [],
  }
}

export function encodeLease({ nonce, owner, description, expiresAt, version }: MachineLease): Lease {
  const fields = { nonce, expires_at: inSeconds(expiresAt), owner, description, version }
  return { status: 'success', data: fields, ...fields }
}

/** The configuration as it was given, with the current metadata. */
function configOf({ config, metadata }: Pick<Machine, 'config' | 'metadata'>) {
  const kept = readMetadata(metadata)
  return { ...readConfig(config), ...(Object.keys(kept).length === 0 ? {} : { metadata: kept }) }
}

interface StoredImage {
  readonly registry?: string
  readonly repository?: string
  readonly tag?: string
  readonly digest?: string
  readonly labels?: Readonly<Record<string, string>>
}

function encodeImage(stored: string | null): MachineAnswer['image_ref'] {
  if (stored === null) return undefined
  const { registry = '', repository = '', tag = '', digest = '', labels } = JSON.parse(stored) as StoredImage
  return { registry, repository, tag, digest, labels: labels ?? null }
}

function encodeInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString()
}

function inSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}
