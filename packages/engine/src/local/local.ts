// Runs machines on this machine itself, without another engine: bubblewrap, an overlay, control groups and bridges.
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'

import { credentialsOfDocker, type FindCredentials } from '../credentials.ts'
import { checkOwner } from '../check-spec.ts'
import { EngineError, noRun } from '../engine-error.ts'
import type { Engine, Image } from '../engine.ts'
import { runCommand } from '../run-command.ts'
import { openExec } from './exec.ts'
import { listProcesses } from './list-processes.ts'
import { openPlace } from './local-place.ts'
import { readLog } from './log-reader.ts'
import { readRecord } from './records.ts'
import { createRuns } from './runs.ts'

export { reasonWithoutLocal } from './abilities.ts'

export interface LocalOptions {
  /** Whose machines these are, the same after every restart: 1 to 32 of a-z and 0-9. */
  readonly owner: string
  /** The directory of images and runs, of root alone. On a disk of its own nothing else suffers when it is full. */
  readonly directory: string
  /** Of registries. Left out, those that `docker login` has kept. */
  readonly credentials?: FindCredentials
  /** How long the engine's own parts may take; 60 s by default. */
  readonly timeoutMs?: number
  /** How long a registry may be silent; 120 s by default. */
  readonly pullSilenceMs?: number
  /** The most that the new layers of one image may take on the disk; 16 GiB and a million files by default. */
  readonly imageBounds?: { readonly bytes: number; readonly files: number }
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly random?: () => string
}

export interface LocalEngine extends Engine {
  readonly kind: 'local'
  /**
   * Takes an image from a folder or tar archive in the OCI layout, or as `docker save` writes it.
   * @param name under which it is found from then on
   */
  importImage(path: string, name: string): Promise<Image>
}

/** Changes nothing yet. @throws EngineError `bad_spec` that names the option */
export function createLocalEngine(options: LocalOptions): LocalEngine {
  const { owner, env = process.env, random = randomUUID, timeoutMs = 60_000, pullSilenceMs = 120_000 } = options
  checkOwner(owner)
  const place = openPlace({
    owner,
    directory: resolve(options.directory),
    timeoutMs,
    images: {
      credentials: options.credentials ?? credentialsOfDocker(env),
      bounds: options.imageBounds ?? { bytes: 2 ** 34, files: 1_000_000 },
      silenceMs: pullSilenceMs,
    },
  })
  const { images, folders, volumes } = place
  return {
    kind: 'local',
    ...createRuns(place),
    capabilities: async () => (await place.open()).capabilities,
    async pullImage(reference, pull = {}) {
      await place.open()
      return withoutLayers(await images.pull(reference, pull))
    },
    async importImage(path, name) {
      await place.open()
      return withoutLayers(await images.importArchive(path, name))
    },
    sharesFolder: async () => true,
    async createVolume(volumeId, sizeMb) {
      const { capabilities } = await place.open()
      if (capabilities.volumes === 'none') throw new EngineError('unsupported', 'This engine has no volumes')
      await volumes.create(volumeId, sizeMb)
    },
    extendVolume: (volumeId, sizeMb) => volumes.extend(volumeId, sizeMb),
    removeVolume: (volumeId) => volumes.remove(volumeId),
    listVolumes: () => volumes.list(),
    exec: (runId, command) => runCommand((one) => openExec(place, runId, one, random), command),
    openExec: (runId, command) => openExec(place, runId, command, random),
    processes: (runId) => listProcesses(place, runId),
    async *logs(runId, log) {
      const folder = folders.run(owner, runId)
      if ((await readRecord(folder, 'run.json')) === undefined) throw noRun(runId)
      yield* readLog(folder, log)
    },
  }
}

function withoutLayers({ layers: _layers, ...image }: Image & { readonly layers: readonly string[] }): Image {
  return image
}
