// The steps of a driver for volumes: makes, extends and removes them, and prepares each for a machine that starts.
import { EngineError, type Engine } from '@hallpass/engine'

import type { Store } from '../domain/store.ts'
import { changeVolume, isUsable, type Volume } from '../domain/volume.ts'
import { isOf } from './failures.ts'
import type { Recorder } from './record.ts'
import { CannotRun, networkOf } from './run-spec.ts'

const mbOfGb = 1024
const atOnce = 8
const longestRest = 30_000

/** Does what is left to do for a volume: nothing if it is as it should be, or if a machine that must go first has it. */
async function bring({ engine, recorder }: VolumeContext, volume: Volume): Promise<void> {
  const { id, state, sizeGb, madeGb, machineId } = volume
  const done = { problem: null, tries: 0 }
  if (state === 'destroying' && machineId === null) {
    await engine.removeVolume(id)
    return recorder.changeVolume(id, (found) => changeVolume(found, 'remove', { ...done, dueAt: null }))
  }
  if (state === 'creating') {
    await engine.createVolume(id, sizeGb * mbOfGb, networkOf(volume))
    const isSized = (await engine.capabilities()).volumes === 'sized'
    return recorder.changeVolume(id, (found, now) =>
      changeVolume(found, 'make', { ...done, isSized, madeGb: sizeGb, dueAt: found.sizeGb > sizeGb ? now : null }),
    )
  }
  if (state === 'created' && madeGb < sizeGb) await engine.extendVolume(id, sizeGb * mbOfGb)
  await recorder.changeVolume(id, (found, now) => {
    if (found.state !== state || found.machineId !== machineId) return undefined
    const isMade = state === 'created'
    return { ...found, ...done, madeGb: isMade ? sizeGb : madeGb, dueAt: isMade && found.sizeGb > sizeGb ? now : null }
  })
}

interface VolumeContext {
  readonly engine: Engine
  readonly recorder: Recorder
}

/**
 * Prepares the volume of a machine before its run is made.
 * @throws CannotRun, EngineError
 */
export async function prepareVolume(context: VolumeContext, id: string): Promise<void> {
  const volume = await context.recorder.readVolume(id)
  if (volume === undefined || !isUsable(volume)) throw new CannotRun(`its volume ${id} is destroyed`)
  // A volume that was made and is gone is not made again, because that would hide the loss of its data.
  if (volume.state === 'creating' || volume.madeGb < volume.sizeGb) await bring(context, volume)
}

export interface VolumeSteps {
  /** Begins what is due. Returns when something else will be; undefined for never. */
  begin(at: number): Promise<number | undefined>
  isIdle(): boolean
}

export function createVolumeSteps({
  store,
  trouble,
  ended,
  ...context
}: VolumeContext & {
  readonly store: Pick<Store, 'read'>
  /** Called with errors that are not the engine's; resolves when it may be tried again. */
  readonly trouble: (error: unknown) => Promise<void>
  /** Called after each step. */
  readonly ended: () => void
}): VolumeSteps {
  const underway = new Set<string>()

  async function take(volume: Volume): Promise<void> {
    await bring(context, volume)
      .catch((error: unknown) => postpone(context, volume, error))
      .catch(trouble)
    underway.delete(volume.id)
    ended()
  }

  return {
    isIdle: () => underway.size === 0,
    async begin(at) {
      const { due, next } = await store.read(async (tx) => ({
        due: await tx.volumes.due(at, underway.size + atOnce),
        next: await tx.volumes.nextDue(at),
      }))
      for (const volume of due) {
        if (underway.has(volume.id) || underway.size >= atOnce) continue
        underway.add(volume.id)
        void take(volume)
      }
      return next
    },
  }
}

/** Plans another try. A volume that cannot grow now does when its machine starts again. */
async function postpone({ recorder }: VolumeContext, { id, state }: Volume, error: unknown): Promise<void> {
  if (!(error instanceof EngineError)) throw error
  await recorder.changeVolume(id, (found, now) => {
    if (found.state !== state) return undefined
    if (isOf(error, 'volume_in_use') && state === 'created') return { ...found, dueAt: null }
    const tries = found.tries + 1
    const rest = Math.min(longestRest, 500 * 2 ** Math.min(tries - 1, 10))
    return { ...found, tries, problem: error.message, dueAt: now + rest }
  })
}

/** Removes destroyed volumes that the engine still has. It removes no unknown ones, because they hold data. */
export async function removeDestroyed(engine: Engine, store: Pick<Store, 'read'>): Promise<void> {
  for (const id of await engine.listVolumes()) {
    const volume = await store.read((tx) => tx.volumes.byId(id))
    if (volume?.state === 'destroyed') await engine.removeVolume(id)
  }
}
