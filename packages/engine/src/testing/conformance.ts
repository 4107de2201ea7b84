// What every engine must do, tried on a real one.
import { afterAll, beforeAll, describe } from 'vitest'

import { testCommands } from './commands.ts'
import { testIsolation } from './isolation.ts'
import { testLogs } from './logs.ts'
import { testOutage } from './outage.ts'
import type { Place } from './place.ts'
import { testRuns } from './runs.ts'
import { testVolumes } from './volumes.ts'
import { testWatching } from './watching.ts'
import { createWorld, type World } from './world.ts'

/**
 * @param reason why this machine has no such engine, if it has none
 * @param isApart whether the engine is a process of its own, which can be killed
 */
export function testEngine(name: string, start: () => Promise<Place>, reason?: string, isApart = true): void {
  describe.skipIf(reason !== undefined)(`${name}${reason === undefined ? '' : `, skipped: ${reason}`}`, () => {
    let world: World | undefined

    beforeAll(async () => {
      const place = await start()
      world = createWorld(place)
    })
    afterAll(() => world?.place.stop())

    const get = (): World => {
      if (world === undefined) throw new Error('the engine did not start')
      return world
    }
    testRuns(get)
    testIsolation(get)
    testCommands(get)
    testLogs(get)
    testVolumes(get)
    testWatching(get)
    if (isApart) testOutage(get)
  })
}
