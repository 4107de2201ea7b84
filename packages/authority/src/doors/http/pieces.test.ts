import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { pagesOf } from '../../domain/page.ts'
import { encodeAll, PagedList, print, printPages } from './pieces.ts'

/** Pauses, and the amount of work before each. */
function counting(done: () => number) {
  const steps: number[] = []
  let before = 0
  return {
    steps,
    pause: async () => {
      steps.push(done() - before)
      before = done()
      await nextTurn()
    },
  }
}

const text = async (answer: object) => (await print(answer, nextTurn)).toString()

test('the output equals that of JSON.stringify', async () => {
  const json = JSON as typeof JSON & { rawJSON(text: string): unknown }
  const nullish: unknown = Object.assign(Object.create(null), { a: undefined, b: null, c: [undefined, null, 1] })
  for (const answer of [
    [],
    {},
    [1, 'é"\n', { a: [] }],
    { a: undefined, b: { c: undefined }, d: [[], [{}]], 'e"': 'f' },
    { at: new Date(0), big: json.rawJSON('12345678901234567890'), list: [json.rawJSON('1e400')] },
    { a: () => 1, b: Symbol('x'), c: Number.NaN, d: true },
    nullish as object,
    { data: { nodes: Array.from({ length: 3000 }, (_, i) => ({ i, text: '𝄞'.repeat(i % 90) })) } },
  ]) {
    expect(await text(answer)).toBe(JSON.stringify(answer))
  }
})

test('a short answer is made at once, in one text, which goes out together with its head', () => {
  const object = { name: 'web', organization: { name: 'Acme', at: new Date(0) }, none: null }
  for (const answer of [object, [], [object, [1]], { deep: { deeper: { list: [object] } } }]) {
    expect(print(answer, nextTurn)).toBe(JSON.stringify(answer))
  }
})

test('others have a turn between the pieces of a long answer', async () => {
  let written = 0
  const items = Array.from({ length: 4000 }, () => ({
    toJSON() {
      written += 1
      return 'x'.repeat(998)
    },
  }))
  const { steps, pause } = counting(() => written)
  await print({ found: { items } }, pause)
  expect(steps.length).toBeGreaterThan(25)
  expect(Math.max(...steps)).toBeLessThan(140)
})

test('items that take longer to encode are encoded in smaller pieces', async () => {
  const encoded: number[] = []
  const { steps, pause } = counting(() => encoded.length)
  const items = Array.from({ length: 1200 }, (_, i) => i)
  const encode = (item: number) => encoded.push(item)
  expect(await encodeAll(items, encode, pause)).toHaveLength(1200)
  expect(encoded).toEqual(items)
  expect(steps).toEqual([500, 500])
  await encodeAll(items.slice(0, 4), encode, pause, () => 480)
  expect(steps.slice(3)).toEqual([1, 1])
})

test('a paged list prints as the array that it is, and no page is read before it is wanted', async () => {
  const long = 'x'.repeat(200_000)
  for (const pages of [[[]], [[1, 2]], [[], []], [[], [1], [], [2, long], [3]], [[long], [long]]]) {
    let read = 0
    const listed = new PagedList(
      pagesOf<unknown, number>(async (at = 0) => {
        read += 1
        return { items: pages[at] ?? [], ...(at + 1 < pages.length ? { next: at + 1 } : {}) }
      }),
    )
    const printed = await printPages(listed, (work) => work(), nextTurn)
    expect(read).toBe(1)
    const text =
      printed instanceof Readable ? Buffer.concat(await printed.toArray()).toString() : JSON.stringify(printed)
    expect(text).toBe(JSON.stringify(pages.flat()))
  }
})
