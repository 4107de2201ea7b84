// Brings images to the engine for machines that wait for them: each once for all machines of an organization, and a few at a
// time for each. A machine takes no memory while it waits.
import type { Engine, Image, PullProgress } from '@hallpass/engine'

import type { ReadTransaction } from '../domain/store.ts'
import type { AwaitedImage } from '../domain/store/machines.ts'
import type { StoredImage } from './run-spec.ts'

export interface Pull extends AwaitedImage {
  /** Rejects with an EngineError. */
  readonly image: Promise<StoredImage>
}

export interface Pulls {
  /**
   * Looks for images to pull, and for machines whose image is here or does not come. An organization waits for its own pulls
   * only: a registry that one of them names may take as long as it likes.
   * @param steps the steps in progress by machine, each with its pull if there was one
   */
  look(tx: ReadTransaction, at: number, steps: Steps): Promise<PullsSeen>
  /** Begins the pulls that were found. Returns the milliseconds until the next look, if that one did not see all. */
  begin(seen: PullsSeen): number | undefined
  /** Forgets the pulls that have ended: what they brought may be gone when it is needed. */
  forgetEnded(): void
  /** How far a pull is; undefined where none of this reference is under way, or the registry has said nothing yet. */
  progress(organisationId: number, reference: string): PullProgress | undefined
}

interface PullsSeen {
  /** The machines that can go on, each with its pull. */
  readonly machines: readonly (readonly [id: string, pull: Pull])[]
  /** The pulls of these, and whether there may be more machines for each. */
  readonly ended: ReadonlyMap<Pull, boolean>
  /** To be pulled. */
  readonly images: readonly AwaitedImage[]
  /** The last organisation, if there are more. */
  readonly place: number | undefined
}

type Steps = ReadonlyMap<string, { readonly pull: Pull | undefined }>

/** Pulls of one organisation, and of all, with those whose machines have not all gone on. */
const atOnce = 4
const atOnceOfAll = 1000
/** Steps of machines whose pull has ended: of one organisation, and of all. */
const stepsAtOnce = 64
const stepsAtOnceOfAll = 256
/** Organisations, and images of each, that one look sees. */
const breadth = 64
const restBetweenParts = 100

interface KnownPull extends Pull {
  readonly said: { last: PullProgress | undefined }
  endedAt: number | undefined
}

/** Calls `ended` after each pull. The signal ends all. */
export function createPulls(
  engine: Pick<Engine, 'pullImage'>,
  { now, ended, signal }: { readonly now: () => number; readonly ended: () => void; readonly signal: AbortSignal },
): Pulls {
  const pulls = new Map<string, KnownPull>()
  /** The last organisation that was looked at, if there are more. */
  let place: number | undefined

  /** Of the pulls that have ended, the machines that there is room for. */
  async function findMachines(tx: ReadTransaction, steps: Steps): Promise<Pick<PullsSeen, 'machines' | 'ended'>> {
    const machines: [string, Pull][] = []
    const seen = new Map<Pull, boolean>()
    const inHand = Map.groupBy(
      [...steps.values()].flatMap(({ pull }) => pull ?? []),
      ofOrganisation,
    )
    const taken = new Map([...inHand].map(([id, { length }]) => [id, length]))
    let roomOfAll = stepsAtOnceOfAll - [...taken.values()].reduce((sum, count) => sum + count, 0)
    for (const pull of pulls.values()) {
      const ofOne = taken.get(pull.organisationId) ?? 0
      const room = Math.min(roomOfAll, stepsAtOnce - ofOne)
      if (room <= 0 || pull.endedAt === undefined) continue
      const limit = room + ofOne
      const ids = await tx.machines.dueForImage(pull, pull.endedAt, limit)
      const waiting = ids.filter((id) => !steps.has(id))
      const next = waiting.slice(0, room)
      machines.push(...next.map((id): [string, Pull] => [id, pull]))
      roomOfAll -= next.length
      taken.set(pull.organisationId, ofOne + next.length)
      // Not all that were read may wait: the step of one that does not any more may still be in hand.
      seen.set(pull, ids.length === limit || waiting.length > room)
    }
    return { machines, ended: seen }
  }

  /** The images of an organisation that are due, and not pulled already. */
  async function findImages(
    tx: ReadTransaction,
    organisationId: number,
    mine: readonly KnownPull[],
    at: number,
    steps: Steps,
    ended: PullsSeen['ended'],
  ): Promise<readonly AwaitedImage[]> {
    // Those that are about to be forgotten take no place, and still say how far the organisation is.
    const free = atOnce - mine.filter((pull) => ended.get(pull) !== false).length
    if (free <= 0) return []
    // Whatever becomes of the first images, and even if all pulls end at once, all have their turn.
    const after = mine.at(-1)?.reference ?? ''
    const later = await tx.machines.imagesAwaited(organisationId, after, breadth)
    const earlier = after === '' ? [] : await tx.machines.imagesAwaited(organisationId, '', breadth)
    const found = new Map<string, AwaitedImage>()
    for (const { reference, dueAt } of [...later, ...earlier]) {
      const image = { organisationId, reference }
      if (found.size >= free || dueAt > at || pulls.has(keyOf(image))) continue
      const inHand = [...steps.values()].filter(({ pull }) => pull !== undefined && keyOf(pull) === keyOf(image)).length
      const ids = inHand === 0 ? [] : await tx.machines.dueForImage(image, at, inHand + 1)
      if (inHand === 0 || ids.some((id) => !steps.has(id))) found.set(reference, image)
    }
    return [...found.values()]
  }

  function start({ organisationId, reference }: AwaitedImage): void {
    const said: KnownPull['said'] = { last: undefined }
    const onProgress = (progress: PullProgress) => {
      said.last = progress
    }
    const image = engine.pullImage(reference, { onProgress, abort: signal }).then(storedOf)
    const pull: KnownPull = { organisationId, reference, image, said, endedAt: undefined }
    pulls.set(keyOf(pull), pull)
    const end = () => {
      pull.endedAt = now()
      ended()
    }
    image.then(end, end)
  }

  return {
    async look(tx, at, steps) {
      const organisations = await tx.machines.organisationsAwaiting(place ?? 0, breadth)
      const images: AwaitedImage[] = []
      const known = Map.groupBy(pulls.values(), ofOrganisation)
      const found = await findMachines(tx, steps)
      for (const id of organisations) {
        images.push(...(await findImages(tx, id, known.get(id) ?? [], at, steps, found.ended)))
      }
      return {
        ...found,
        images,
        place: organisations.length < breadth ? undefined : organisations.at(-1),
      }
    },

    begin(seen) {
      for (const [pull, hasMore] of seen.ended) {
        const key = keyOf(pull)
        const known = pulls.get(key)
        pulls.delete(key)
        // The others have their turn before it.
        if (hasMore && known !== undefined) pulls.set(key, known)
      }
      for (const image of seen.images.slice(0, Math.max(0, atOnceOfAll - pulls.size))) start(image)
      const isWhole = place === undefined && seen.place === undefined
      place = seen.place
      return isWhole ? undefined : restBetweenParts
    },

    forgetEnded() {
      for (const [key, { endedAt }] of pulls) if (endedAt !== undefined) pulls.delete(key)
    },

    progress: (organisationId, reference) => pulls.get(keyOf({ organisationId, reference }))?.said.last,
  }
}

function ofOrganisation({ organisationId }: AwaitedImage): number {
  return organisationId
}

function keyOf({ organisationId, reference }: AwaitedImage): string {
  return `${organisationId} ${reference}`
}

function storedOf({ id, registry, repository, tag, digest, labels }: Image): StoredImage {
  return { id, registry, repository, tag, digest, labels }
}
