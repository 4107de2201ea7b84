// Brings images to the engine: each once for all machines that wait for it, and a few at a time.
import type { Engine, Image } from '@hallpass/engine'

import type { StoredImage } from './run-spec.ts'
import { createSlots } from './slots.ts'

export interface Pulls {
  /**
   * The image of this reference. Who stops waiting leaves the pull to go on.
   * @throws EngineError, or the reason of the signal
   */
  get(reference: string, signal: AbortSignal): Promise<StoredImage>
}

const atOnce = 4

export function createPulls(engine: Pick<Engine, 'pullImage'>): Pulls {
  const underWay = new Map<string, Promise<Image>>()
  const slots = createSlots(atOnce)

  return {
    async get(reference, signal) {
      let pulling = underWay.get(reference)
      if (pulling === undefined) {
        pulling = slots.run(() => engine.pullImage(reference)).finally(() => underWay.delete(reference))
        underWay.set(reference, pulling)
      }
      const { id, registry, repository, tag, digest, labels } = await orAborted(pulling, signal)
      return { id, registry, repository, tag, digest, labels }
    },
  }
}

/** The result, or the reason of the signal if it is aborted before. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leave = () => reject(signal.reason as Error)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
