// The folders of a local engine: images, runs and networks are files, so that any process finds them again.
import { createHash } from 'node:crypto'
import { join } from 'node:path'

import { checkName } from '../check-spec.ts'

export interface Folders {
  readonly root: string
  readonly images: string
  readonly references: string
  readonly layers: string
  /** Incomplete files, which are renamed into their place. */
  readonly staging: string
  /** What is being removed. */
  readonly trash: string
  readonly runs: string
  readonly subnets: string
  readonly addresses: string
  /** Where the keeper of logs listens, and the lock that lets there be one. */
  readonly socket: string
  readonly lock: string
  /** What exists only with the keeper, outside of the directory, so that the directory has no mounts and can be removed. */
  readonly passing: string
  /** The network namespace with a bridge for each private network, in `passing`. */
  readonly switchboard: string
  /** Identifies the directory in names that the whole machine shares. */
  readonly mark: string
  runsOf(owner: string): string
  volumesOf(owner: string): string
  volume(owner: string, volumeId: string): string
  run(owner: string, runId: string): string
}

export function foldersOf(root: string): Folders {
  const runs = join(root, 'runs')
  const mark = createHash('sha256').update(root).digest('hex').slice(0, 8)
  const passing = `/run/hallpass-${mark}`
  return {
    root,
    images: join(root, 'images'),
    references: join(root, 'references'),
    layers: join(root, 'layers'),
    staging: join(root, 'staging'),
    trash: join(root, 'trash'),
    runs,
    subnets: join(root, 'subnets'),
    addresses: join(root, 'addresses'),
    socket: join(root, 'keeper.socket'),
    lock: join(root, 'keeper.lock'),
    passing,
    switchboard: join(passing, 'switchboard'),
    mark,
    runsOf: (owner) => join(runs, owner),
    volumesOf: (owner) => join(root, 'volumes', owner),
    volume(owner, volumeId) {
      checkName(volumeId, 'volumeId')
      return join(root, 'volumes', owner, volumeId)
    },
    run(owner, runId) {
      checkName(runId, 'runId')
      return join(runs, owner, runId)
    },
  }
}
