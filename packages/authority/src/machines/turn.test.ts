// Whose turn it is: of authorities whose clocks differ, one has it, and another has it once the first is gone.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import type { Store } from '../domain/store.ts'
import { openStore } from '../store/open.ts'
import { takeTurns, type Turn } from './turn.ts'

test.each([60_000, -60_000])('one has the turn, whatever the clock of the other says (%i ms)', async (ahead) => {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-turn-'))
  const file = await openStore({ directory })
  // As if it were elsewhere: that two share it is all that counts.
  const store: Pick<Store, 'isRemote' | 'write'> = { isRemote: true, write: (work) => file.write(work) }
  const turns: Turn[] = []
  onTestFinished(async () => {
    for (const turn of turns) await turn.stop()
    await file.close()
    await rm(directory, { recursive: true })
  })
  const take = (id: string, now: () => number) => {
    const turn = takeTurns({
      store,
      id,
      now,
      clock: () => performance.now(),
      changed() {},
      engineAnswers: () => id !== 'one',
    })
    turns.push(turn)
    return turn
  }
  const first = take('one', Date.now)
  await expect.poll(() => first.has()).toBe(true)
  const second = take('two', () => Date.now() + ahead)
  // It has looked once it knows what the first says.
  await expect.poll(() => second.has() || !second.othersAnswers()).toBe(true)
  expect([first.has(), second.has()]).toEqual([true, false])
  await first.stop()
  await expect.poll(() => second.has()).toBe(true)
})
