// Brings images to the engine: each once for all machines of an organization that wait for it, and a few at a time for each.
import type { Engine, Image } from '@hallpass/engine'

import type { StoredImage } from './run-spec.ts'
import { createSlots, type Slots } from './slots.ts'

export interface Pulls {
  /**
   * The image of this reference. Who stops waiting leaves the pull to go on. An organization waits for its own pulls only: a
   * registry that one of them names may take as long as it likes.
   * @throws EngineError, or the reason of the signal
   */
  get(organisationId: number, reference: string, signal: AbortSignal): Promise<StoredImage>
}

const atOnce = 4

interface PullsOfOne {
  readonly slots: Slots
  readonly underWay: Map<string, Promise<Image>>
}

export function createPulls(engine: Pick<Engine, 'pullImage'>): Pulls {
  const organisations = new Map<number, PullsOfOne>()

  return {
    async get(organisationId, reference, signal) {
      const pulls: PullsOfOne = organisations.get(organisationId) ?? { slots: createSlots(atOnce), underWay: new Map() }
      organisations.set(organisationId, pulls)
      const { slots, underWay } = pulls
      let pulling = underWay.get(reference)
      if (pulling === undefined) {
        pulling = slots
          .run(() => engine.pullImage(reference))
          .finally(() => {
            underWay.delete(reference)
            if (underWay.size === 0) organisations.delete(organisationId)
          })
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
