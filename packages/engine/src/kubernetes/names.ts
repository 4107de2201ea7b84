// Names, labels and annotations of what we make in a cluster, so that we find it again and touch nothing else.
import { createHash } from 'node:crypto'

import { checkName, checkOwner } from '../check-spec.ts'
import { digestOf } from '../digest-spec.ts'
import type { RunSpec } from '../engine.ts'

export interface Names {
  readonly owner: string
  readonly pod: (runId: string) => string
  readonly claim: (volumeId: string) => string
  /** The namespace of a tenant; of runs without one where it is left out. */
  readonly namespace: (tenant: string | undefined) => string
  readonly labelsOf: (spec: RunSpec) => Labels
  readonly annotationsOf: (spec: RunSpec) => Labels
  readonly namespaceLabels: (tenant: string | undefined) => Labels
  /** Whether it is one of an organization, and not of what the driver itself needs: to find out images, and to try networks. */
  readonly isTenant: (tenant: string | undefined) => boolean
  readonly ownLabels: Labels
  /** As a selector of lists. */
  readonly selector: string
  /** Whether it is ours: a name alone says nothing. */
  readonly isOwn: (meta: Meta) => boolean
  /**
   * Whether a Pod that is ours is that of this run. Whoever may make Pods in another namespace can give them our labels: those there
   * are nobody's.
   */
  readonly isRun: (meta: Meta & { readonly name: string; readonly namespace: string }, runId: string) => boolean
}

export type Labels = Readonly<Record<string, string>>

interface Meta {
  readonly labels?: Labels
  readonly annotations?: Labels
}

/** @param owner 1 to 32 of a-z and 0-9: the one who drives these machines, the same after each restart */
export function namesOf(owner: string): Names {
  checkOwner(owner)
  const hashOf = (kind: string, name: string): string =>
    createHash('sha256').update(`${owner}/${kind}/${name}`).digest('hex').slice(0, 12)
  /** A label of DNS, which is of the name alone, and of the owner. */
  const named = (kind: string, name: string, length: number): string =>
    `${name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, length)
      .replace(/-$/, '')}-${hashOf(kind, name)}`
  const ownLabels = { [label.owner]: owner }
  const podOf = (runId: string): string => `run-${named('run', runId, 40)}`
  const isOwn = ({ labels = {} }: Meta): boolean => labels[label.owner] === owner
  const common = `hallpass-${owner}`
  const tenants = `hallpass-${owner.slice(0, 20)}-`
  return {
    owner,
    pod: (runId) => {
      checkName(runId, 'runId')
      return podOf(runId)
    },
    claim: (volumeId) => {
      checkName(volumeId, 'volumeId')
      return `volume-${named('volume', volumeId, 40)}`
    },
    namespace: (tenant) => {
      if (tenant === undefined) return common
      checkName(tenant, 'tenant')
      return `${tenants}${named('tenant', tenant, 16)}`
    },
    labelsOf: (spec) => ({
      ...ownLabels,
      [label.kind]: 'run',
      // What a network policy selects.
      ...(spec.network === undefined ? {} : { [label.connected]: 'true' }),
    }),
    annotationsOf: (spec) => ({
      [label.run]: spec.runId,
      [label.own]: JSON.stringify(spec.labels ?? {}),
      [label.network]: spec.network ?? '',
      [label.image]: spec.image,
      [label.digest]: digestOf(spec),
    }),
    namespaceLabels: (tenant) => ({ ...ownLabels, [label.kind]: tenant === undefined ? 'common' : 'tenant' }),
    isTenant: (tenant) => tenant !== undefined && !tenant.startsWith(probePrefix),
    ownLabels,
    selector: `${label.owner}=${owner}`,
    isOwn,
    isRun: (meta, runId) =>
      isOwn(meta) && meta.name === podOf(runId) && (meta.namespace === common || meta.namespace.startsWith(tenants)),
  }
}

/** Of the tenants that only try networks. */
export const probePrefix = 'probe.'

export const label = {
  owner: 'hallpass.owner',
  kind: 'hallpass.kind',
  connected: 'hallpass.connected',
  run: 'hallpass.run',
  network: 'hallpass.network',
  digest: 'hallpass.spec',
  image: 'hallpass.image',
  own: 'hallpass.labels',
  volume: 'hallpass.volume',
} as const

/** Keeps the Pod of a run, with how it ended, until we have let it go. */
export const finalizer = 'hallpass/exit'
/** Keeps a Pod from starting until `start` takes it away. */
export const gate = 'hallpass/start'
export const containerName = 'run'
/** The folder of our own program in a run. */
export const ownFolder = '/.hallpass'
export const programsName = 'hallpass'
