// Followers hear everything behind their position, once and in order, whenever they join.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { FeedPosition } from '../../domain/feed.ts'
import type { Store } from '../../domain/store.ts'
import { openStore } from '../../store/open.ts'
import { createFollowers, type Follower, type Followers } from './followers.ts'

let directory = ''
let store: Store
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'hallpass-followers-'))
  store = await openStore({ directory })
})
afterAll(async () => {
  await store.close()
  await rm(directory, { recursive: true })
})

const clock = () => performance.now()
const end = () => store.read((tx) => tx.feed.end())
/** An event: nobody has this number, so nothing else changes. */
const tell = (person: number) => store.write((tx) => tx.users.delete(person, 1))

class Listener implements Follower {
  readonly verifierId: number
  readonly network: string
  readonly heard: number[] = []
  readonly times: number[] = []
  ended: string | undefined
  #wait = Promise.withResolvers<void>()

  constructor(verifierId = 1, network = '192.0.2.1') {
    this.verifierId = verifierId
    this.network = network
  }

  hear({ events, asOf }: Parameters<Follower['hear']>[0]): void {
    this.heard.push(...events.map(({ id }) => id))
    if (asOf !== undefined) this.times.push(asOf)
    this.#wake()
  }

  hasRoom(): Promise<boolean> {
    return Promise.resolve(true)
  }

  end(why: string): void {
    this.ended = why
    this.#wake()
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.#wait.promise
  }

  #wake(): void {
    this.#wait.resolve()
    this.#wait = Promise.withResolvers<void>()
  }
}

async function withFollowers<T>(work: (followers: Followers) => Promise<T>, bounds?: { all: number; network: number }) {
  const followers = createFollowers(store, clock, bounds)
  try {
    return await work(followers)
  } finally {
    followers.close()
  }
}

test('each hears all events behind its position, once and in order, however joins and events mix', async () => {
  const step = fc.constantFrom('tell', 'join now', 'join at the start', 'leave', 'turn')
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 30 }), (steps) =>
      withFollowers(async (followers) => {
        const start = await end()
        const joined: { readonly listener: Listener; readonly from: FeedPosition; readonly leave: () => void }[] = []
        const under: Promise<unknown>[] = []
        const join = (from: FeedPosition) => {
          const listener = new Listener()
          under.push(followers.join(listener, from).then((leave) => joined.push({ listener, from, leave })))
        }
        for (const [at, next] of steps.entries()) {
          if (next === 'tell') under.push(tell(1_000_000 + at))
          else if (next === 'join now') join(await end())
          else if (next === 'join at the start') join(start)
          else if (next === 'leave') joined.pop()?.leave()
          else await nextTurn()
        }
        await Promise.all(under)
        await tell(1)
        const last = await end()
        const all = (await store.read((tx) => tx.feed.after(start, 1000)))?.map(({ id }) => id) ?? []
        for (const { listener, from } of joined) {
          await listener.until(() => listener.heard.includes(last.id))
          expect(listener.heard).toEqual(all.filter((id) => id > from.id))
          expect(listener.times).toEqual(listener.times.toSorted((a, b) => a - b))
        }
      }),
    ),
    { numRuns: 15 },
  )
})

describe('a follower', () => {
  test('hears now and then that nothing has happened, and nothing once it has left', () =>
    withFollowers(async (followers) => {
      const [one, other] = [new Listener(), new Listener()]
      const leave = await followers.join(one, await end())
      await followers.join(other, await end())
      leave()
      const before = [...one.times]
      await other.until(() => other.times.length > 2)
      expect(other.heard).toEqual([])
      expect(one.times).toEqual(before)
    }))

  test('is ended when its verifier is revoked, and no other', () =>
    withFollowers(async (followers) => {
      const [one, other] = [new Listener(71), new Listener(72)]
      for (const each of [one, other]) await followers.join(each, await end())
      await store.write((tx) => tx.verifiers.delete(71))
      await other.until(() => other.heard.length > 0)
      expect(one.ended).toBe('refused')
      expect(other.ended).toBeUndefined()
    }))

  test('is ended too if its verifier was revoked before it had caught up', () =>
    withFollowers(async (followers) => {
      const from = await end()
      await store.write((tx) => tx.verifiers.delete(73))
      const listener = new Listener(73)
      await followers.join(listener, from)
      expect(listener.ended).toBe('refused')
      expect(listener.heard).toEqual([])
    }))

  test('misses nothing that the others hear just when it has caught up', async () => {
    const held: (() => void)[] = []
    let isHeld = false
    const late: Pick<Store, 'read'> = {
      async read(work) {
        const result = await store.read(work)
        if (isHeld) await new Promise<void>((resolve) => held.push(resolve))
        return result
      },
    }
    const followers = createFollowers(late, clock)
    const [one, other] = [new Listener(), new Listener()]
    await followers.join(one, await end())
    isHeld = true
    const joining = followers.join(other, await end())
    while (held.length < 1) await nextTurn()
    await tell(1)
    const last = await end()
    while (held.length < 2) await nextTurn()
    isHeld = false
    for (const go of held) go()
    await joining
    await one.until(() => one.heard.includes(last.id))
    await tell(2)
    await other.until(() => other.heard.length > 0)
    expect(other.heard[0]).toBe(last.id)
    followers.close()
  })

  test('that has left while it catches up is told nothing more', () =>
    withFollowers(async (followers) => {
      const from = await end()
      await Promise.all(Array.from({ length: 1001 }, () => tell(1)))
      const listener = new Listener()
      listener.hasRoom = () => Promise.resolve(false)
      await followers.join(listener, from)
      expect(listener.heard).toHaveLength(1000)
    }))

  test('must forget everything when events are gone that it has not heard', () =>
    withFollowers(async (followers) => {
      for (const person of [1, 2, 3]) await tell(person)
      const { at } = await end()
      const first = await store.read((tx) => tx.feed.after({ id: 0, at: 0 }, 1))
      while (await store.write((tx) => tx.feed.removeBefore(at + 1)));
      const listener = new Listener()
      await followers.join(listener, first?.[0] ?? { id: 1, at: 1 })
      expect(listener.ended).toBe('lost')
      expect(listener.heard).toEqual([])
    }))

  test('has its place among all and among those of its network', () =>
    withFollowers(
      async (followers) => {
        const from = await end()
        const leave = await followers.join(new Listener(1, 'a'), from)
        await expect(followers.join(new Listener(1, 'a'), from)).rejects.toMatchObject({ code: 'rate_limited' })
        await followers.join(new Listener(1, 'b'), from)
        await expect(followers.join(new Listener(1, 'c'), from)).rejects.toMatchObject({ code: 'rate_limited' })
        leave()
        await followers.join(new Listener(1, 'a'), from)
      },
      { all: 2, network: 1 },
    ))

  test('is ended with the authority, and none joins after that', async () => {
    const followers = createFollowers(store, clock)
    const listener = new Listener()
    await followers.join(listener, await end())
    followers.close()
    expect(listener.ended).toBe('closing')
    await expect(followers.join(new Listener(), await end())).rejects.toMatchObject({ code: 'unavailable' })
  })
})
