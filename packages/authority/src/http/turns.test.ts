// Turns: nobody waits for all of somebody else's work.
import { setImmediate as nextTurn } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { createTurns } from './turns.ts'

/** A clock that advances only with the work: each piece takes `cost` milliseconds. */
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

test('work that takes no time runs at once, in order', () => {
  const { take, done } = workshop(0)
  for (let piece = 0; piece < 1000; piece++) take('one', String(piece))
  expect(done).toEqual(Array.from({ length: 1000 }, (_, piece) => String(piece)))
})

test('a turn has a limit of work, and the next one continues', async () => {
  const { take, done } = workshop(4)
  for (let piece = 0; piece < 8; piece++) take('one', `${piece}`)
  expect(done.length).toBe(3)
  await nextTurn()
  expect(done.length).toBe(6)
  while (done.length < 8) await nextTurn()
  expect(done).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
})

test('a line with much work waits, and a line with little comes in between', async () => {
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

test('unfinished work continues behind the others of its line', async () => {
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

test('immediate continuations of a piece count for its turn', async () => {
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
    // In the first turn only, before others had theirs.
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
