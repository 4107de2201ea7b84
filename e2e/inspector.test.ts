// Whoever may send a signal to a running server must not get into it with Node.js's inspector.
import { expect, test } from 'vitest'

import { arrive } from './hallpass.ts'

test('SIGUSR1 opens no inspector, and the server goes on', async () => {
  const place = await arrive()
  try {
    const served = await place.serve([])
    void served.stop('SIGUSR1')
    for (let count = 0; count < 20; count += 1) expect((await fetch(`${served.url}/healthz`)).status).toBe(200)
    expect(await served.stop()).toBe(0)
    expect(served.output()).not.toMatch(/debugger|inspector|ws:\/\//i)
  } finally {
    await place.leave()
  }
})
