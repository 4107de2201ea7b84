import { describe, expect, it } from 'vitest'

import { createFairQueue } from './fair-queue.ts'

/** A queue whose work the test ends by hand; it records what has begun and who was refused. */
function createStage({ atOnce, longest }: { readonly atOnce: number; readonly longest: number }) {
  const queue = createFairQueue({ atOnce, longest, refuse: () => new Error('full') })
  const begun: string[] = []
  const refused: string[] = []
  const ends: (() => void)[] = []
  const settled: Promise<void>[] = []
  return {
    begun,
    refused,
    ask(lane: string, key: string) {
      const work = async () => {
        begun.push(`${lane}${key}`)
        await new Promise<void>((resolve) => ends.push(resolve))
      }
      settled.push(queue.run({ lane, key }, work).catch(() => void refused.push(`${lane}${key}`)))
    },
    async endOne() {
      await turn()
      ends.shift()?.()
      await turn()
    },
    async endAll() {
      await turn()
      while (ends.length > 0) await this.endOne()
      await Promise.all(settled)
    },
  }
}

/** Lets resolved promises continue. */
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a fair queue', () => {
  it('takes turns by lane: a single request does not wait behind a crowd', async () => {
    const stage = createStage({ atOnce: 2, longest: 64 })
    for (let index = 0; index < 50; index += 1) stage.ask('crowd', `${index}`)
    stage.ask('ada', '')
    await stage.endOne()
    await stage.endOne()
    expect(stage.begun).toContain('ada')
    expect(stage.begun.length).toBeLessThanOrEqual(4)
    await stage.endAll()
    expect(stage.begun).toHaveLength(51)
  })

  it('refuses requests of the longest lane only', async () => {
    const stage = createStage({ atOnce: 2, longest: 64 })
    for (let index = 0; index < 400; index += 1) stage.ask('crowd', `${index}`)
    for (let index = 0; index < 10; index += 1) stage.ask(`person${index}`, '')
    await stage.endAll()
    expect(stage.refused.filter((name) => name.startsWith('person'))).toEqual([])
    expect(stage.refused).toHaveLength(410 - 2 - 64)
  })

  it('runs one request of a key at a time, and other keys meanwhile', async () => {
    const stage = createStage({ atOnce: 2, longest: 64 })
    for (const key of ['a', 'a', 'b', 'c']) stage.ask('home ', key)
    await stage.endOne()
    expect(stage.begun.slice(0, 2)).toEqual(['home a', 'home b'])
    await stage.endAll()
    expect(stage.begun.toSorted()).toEqual(['home a', 'home a', 'home b', 'home c'])
  })

  it('continues after work that failed', async () => {
    const queue = createFairQueue({ atOnce: 1, longest: 1, refuse: () => new Error('full') })
    const mine = { lane: 'a', key: 'b' }
    await expect(queue.run(mine, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
    expect(await queue.run(mine, () => Promise.resolve(7))).toBe(7)
  })
})
