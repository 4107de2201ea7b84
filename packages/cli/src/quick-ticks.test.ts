import { executionAsyncResource } from 'node:async_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { expect, onTestFinished, test } from 'vitest'

import { keepTicksQuick } from './quick-ticks.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** What Node.js made for the tick that `work` asks for, if something still holds it when all garbage is collected. */
async function whatIsLeftOf(work: () => void): Promise<object | undefined> {
  const nextTick = process.nextTick.bind(process)
  const restore = () => void (process.nextTick = nextTick)
  onTestFinished(restore)
  let made: WeakRef<object> | undefined
  process.nextTick = (tick: () => unknown) =>
    nextTick(() => {
      made = new WeakRef(executionAsyncResource())
      tick()
    })
  work()
  restore()
  // A weak reference holds its object until the turn ends.
  await nextTurn()
  for (let times = 0; times < 3; times++) collect()
  return made === undefined ? expect.fail('there was no tick') : made.deref()
}

test('one tick is kept, with its callback and its context', async () => {
  expect(await whatIsLeftOf(() => process.nextTick(() => {}))).toBeUndefined()
  expect(await whatIsLeftOf(keepTicksQuick)).toHaveProperty('callback')
})
