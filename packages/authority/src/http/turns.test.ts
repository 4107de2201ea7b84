// Turns: nobody's work makes others wait for all of it.
import { setImmediate as nextTurn } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { createTurns } from './turns.ts'

/** A clock that moves on with the work alone: each piece takes `cost` milliseconds. */
function workshop(cost: number) {
  let time = 0
  const done: string[] = []
  const turns = createTurns(() => time)
  return {
    done,
    take: (line: string, piece: string) =>
      turns.take(line, () => {
        time += cost
        done.push(piece)
        return false
      }),
  }
}

test('work that takes no time is done at once, in order', () => {
  const { take, done } = workshop(0)
  for (let piece = 0; piece < 1000; piece++) take('one', String(piece))
  expect(done).toEqual(Array.from({ length: 1000 }, (_, piece) => String(piece)))
})

test('a turn takes so much work, and the next one goes on', async () => {
  const { take, done } = workshop(4)
  for (let piece = 0; piece < 8; piece++) take('one', `${piece}`)
  expect(done.length).toBe(3)
  await nextTurn()
  expect(done.length).toBe(6)
  while (done.length < 8) await nextTurn()
  expect(done).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
})

test('who has much to do waits, and who has little comes in between', async () => {
  const { take, done } = workshop(4)
  for (let piece = 0; piece < 500; piece++) take('many', `many ${piece}`)
  take('few', 'few 0')
  take('few', 'few 1')
  while (!done.includes('few 1')) await nextTurn()
  expect(done.indexOf('few 0')).toBeLessThanOrEqual(4)
  expect(done.indexOf('few 1')).toBeLessThanOrEqual(6)
  while (done.length < 502) await nextTurn()
  expect(done.filter((piece) => piece.startsWith('many'))).toEqual(
    Array.from({ length: 500 }, (_, piece) => `many ${piece}`),
  )
})

test('work that has more to do goes on behind the others of its line', async () => {
  let time = 0
  const done: string[] = []
  const turns = createTurns(() => time)
  const work = (name: string, pieces: number) => () => {
    time += 20
    done.push(name)
    pieces -= 1
    return pieces > 0
  }
  turns.take('one', work('a', 4))
  turns.take('one', work('b', 2))
  turns.take('one', work('c', 1))
  while (done.length < 7) await nextTurn()
  expect(done.join('')).toBe('aabcaba')
})

test('what a piece goes on with at once counts for its turn', async () => {
  let time = 0
  const done: number[] = []
  const turns = createTurns(() => time)
  for (let piece = 0; piece < 100; piece++) {
    turns.take('one', () => {
      void (async () => {
        for (let step = 0; step < 5; step++) await Promise.resolve()
        time += 8
        done.push(piece)
      })()
      return false
    })
    // As the first turn's own: nobody else has been there yet.
    if (piece === 0) time += 20
  }
  await nextTurn()
  let before = done.length
  while (done.length < 100) {
    await nextTurn()
    expect(done.length - before).toBeLessThanOrEqual(2)
    before = done.length
  }
})
