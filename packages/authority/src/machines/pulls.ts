// Brings images to the engine: each once for all machines of an organization that wait for it, and a few at a time for each.
import type { Engine, Image, PullProgress } from '@hallpass/engine'

import type { StoredImage } from './run-spec.ts'
import { createSlots, type Slots } from './slots.ts'

export interface Pulls {
  /**
   * The image of this reference. If a caller stops waiting, the pull goes on. An organization waits for its own pulls only: a
   * registry that one of them names may take as long as it likes.
   * @throws EngineError, or the reason of the signal
   */
  get(organisationId: number, reference: string, signal: AbortSignal): Promise<StoredImage>
  /** How far a pull is; undefined where none of this reference is under way, or the registry has said nothing yet. */
  progress(organisationId: number, reference: string): PullProgress | undefined
}

const atOnce = 4

interface PullsOfOne {
  readonly slots: Slots
  readonly underWay: Map<string, Pull>
}

interface Pull {
  readonly image: Promise<Image>
  readonly said: { last: PullProgress | undefined }
}

export function createPulls(engine: Pick<Engine, 'pullImage'>): Pulls {
  const organisations = new Map<number, PullsOfOne>()

  return {
    async get(organisationId, reference, signal) {
      const pulls: PullsOfOne = organisations.get(organisationId) ?? { slots: createSlots(atOnce), underWay: new Map() }
      organisations.set(organisationId, pulls)
      const { slots, underWay } = pulls
      let pull = underWay.get(reference)
      if (pull === undefined) {
        const said: Pull['said'] = { last: undefined }
        const onProgress = (progress: PullProgress) => {
          said.last = progress
        }
        const image = slots
          .run(() => engine.pullImage(reference, { onProgress }))
          .finally(() => {
            underWay.delete(reference)
            if (underWay.size === 0) organisations.delete(organisationId)
          })
        pull = { image, said }
        underWay.set(reference, pull)
      }
      const { id, registry, repository, tag, digest, labels } = await orAborted(pull.image, signal)
      return { id, registry, repository, tag, digest, labels }
    },

    progress: (organisationId, reference) => organisations.get(organisationId)?.underWay.get(reference)?.said.last,
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
