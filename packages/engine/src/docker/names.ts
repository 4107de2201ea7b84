// Names and labels of what we make in a Docker Engine, so that we find it again and touch nothing else.
import { checkName, checkOwner } from '../check-spec.ts'
import type { RunSpec } from '../engine.ts'

export interface Names {
  readonly container: (runId: string) => string
  readonly network: (network: string) => string
  readonly volume: (volumeId: string) => string
  readonly labelsOf: (spec: RunSpec, digest: string) => Readonly<Record<string, string>>
  readonly networkLabels: (network: string) => Readonly<Record<string, string>>
  readonly volumeLabels: (volumeId: string) => Readonly<Record<string, string>>
  /** As a filter of lists. */
  readonly filter: string
  /** Whether it is ours: a name alone says nothing. */
  readonly isOwn: (labels: Labels) => boolean
  readonly runOf: (labels: Labels) => string | undefined
  readonly volumeOf: (labels: Labels) => string | undefined
  readonly networkOf: (labels: Labels) => string | undefined
  readonly digestOf: (labels: Labels) => string | undefined
  /** The limit of processes; undefined for a run that an earlier version made. */
  readonly processesOf: (labels: Labels) => number | undefined
  readonly ownLabelsOf: (labels: Labels) => Readonly<Record<string, string>>
}

type Labels = Readonly<Record<string, string>>

/** @param owner 1 to 32 of a-z and 0-9: the one who drives these machines, the same after each restart */
export function namesOf(owner: string): Names {
  checkOwner(owner)
  return {
    container: (runId) => {
      checkName(runId, 'runId')
      return `hallpass.${owner}.${runId}`
    },
    network: (network) => {
      checkName(network, 'network')
      return `hallpass.${owner}.${network}`
    },
    volume: (volumeId) => {
      checkName(volumeId, 'volumeId')
      return `hallpass.${owner}.${volumeId}`
    },
    labelsOf: (spec, digest) => ({
      // Always all of ours: a container inherits labels of its image that are not set.
      [label.own]: JSON.stringify(spec.labels ?? {}),
      [label.network]: spec.network ?? '',
      [label.owner]: owner,
      [label.run]: spec.runId,
      [label.digest]: digest,
      // What the engine says of it changes for moments.
      [label.processes]: String(spec.limits.processes),
    }),
    networkLabels: (network) => ({ [label.owner]: owner, [label.network]: network }),
    volumeLabels: (volumeId) => ({ [label.owner]: owner, [label.volume]: volumeId }),
    filter: `${label.owner}=${owner}`,
    isOwn: (labels) => labels[label.owner] === owner,
    runOf: (labels) => labels[label.run],
    volumeOf: (labels) => labels[label.volume],
    networkOf: (labels) => labels[label.network] || undefined,
    digestOf: (labels) => labels[label.digest],
    processesOf: (labels) => Number(labels[label.processes]) || undefined,
    ownLabelsOf: (labels) => JSON.parse(labels[label.own] ?? '{}') as Record<string, string>,
  }
}

const label = {
  owner: 'hallpass.owner',
  run: 'hallpass.run',
  network: 'hallpass.network',
  volume: 'hallpass.volume',
  digest: 'hallpass.spec',
  processes: 'hallpass.processes',
  own: 'hallpass.labels',
} as const
