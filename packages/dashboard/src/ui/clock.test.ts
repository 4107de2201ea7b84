// The pages count time as the authority does, and nothing in them asks the browser's clock.
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { expect, test } from 'vitest'

import { createClock } from './clock.ts'

const start = Date.parse('2026-11-25T12:00:00.400Z')
const day = 86_400_000

/** A browser beside an authority whose `Date` is that of the moment in the middle between question and answer. */
function browser({ ahead, takes = 20 }: { ahead: number; takes?: number }) {
  let passed = 0
  const clock = createClock(() => start + passed)
  let changes = 0
  clock.subscribe(() => (changes += 1))
  async function answer(date?: string): Promise<void> {
    await clock.follow(async () => {
      passed += takes / 2
      const said = date ?? new Date(start + passed + ahead).toUTCString()
      passed += takes / 2
      return new Response(null, { headers: { date: said } })
    })('/v1/user')
  }
  return {
    answer,
    clock,
    changes: () => changes,
    wrongBy: () => Math.abs(clock.now() - (start + passed + ahead)),
    wait: (milliseconds: number) => (passed += milliseconds),
  }
}

test.each([-400 * day, -day, -3100, 3100, day, 400 * day])('an authority that is %d ms ahead', async (ahead) => {
  const { answer, changes, wrongBy, wait } = browser({ ahead })
  await answer()
  expect(wrongBy()).toBeLessThan(1000)
  for (let asked = 0; asked < 50; asked++) {
    wait(137)
    await answer()
  }
  expect(changes()).toBe(1)
})

test.each([-1900, -500, 0, 500, 1900])('a difference of %d ms is not followed', async (ahead) => {
  const { answer, changes, clock, wait } = browser({ ahead })
  for (let asked = 0; asked < 50; asked++) {
    wait(137)
    await answer()
  }
  expect([changes(), clock.ahead()]).toEqual([0, 0])
})

test('an answer that took a minute changes nothing that may be right', async () => {
  const { answer, changes } = browser({ ahead: 20_000, takes: 60_000 })
  await answer()
  expect(changes()).toBe(0)
})

test.each(['', 'yesterday'])('the date %j says nothing', async (date) => {
  const { answer, changes } = browser({ ahead: day })
  await answer(date)
  expect(changes()).toBe(0)
})

test('nothing else in the dashboard asks the browser what time it is', () => {
  const sources = resolve(import.meta.dirname, '..')
  const files = globSync('**/*.{ts,tsx,js}', { cwd: sources }).filter((file) => !file.includes('.test.'))
  expect(files.length).toBeGreaterThan(50)
  const asking = files.filter((file) =>
    /Date\.now|new Date\(\s*\)|\bDate\(\)/.test(readFileSync(resolve(sources, file), 'utf8')),
  )
  expect(asking.map((file) => file.replaceAll('\\', '/'))).toEqual(['ui/clock.ts'])
})
