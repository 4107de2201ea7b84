// Time that is told by clocks that sleep and are set.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { AuthorityTime, ElapsedTime } from './clock.ts'

/** Two clocks, and the truth. */
function makeClocks() {
  const times = { monotonic: 1000, wall: 1_700_000_000_000, truth: 0 }
  const elapsed = new ElapsedTime({ monotonic: () => times.monotonic, wall: () => Math.floor(times.wall) })
  return {
    times,
    elapsed,
    run(milliseconds: number) {
      times.monotonic += milliseconds
      times.wall += milliseconds
      times.truth += milliseconds
    },
    sleep(milliseconds: number) {
      times.wall += milliseconds
      times.truth += milliseconds
    },
    set(by: number) {
      times.wall += by
    },
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('run' as const), by: fc.double({ min: 0, max: 5000, noNaN: true }) }),
  fc.record({ kind: fc.constant('sleep' as const), by: fc.double({ min: 0, max: 1e7, noNaN: true }) }),
  fc.record({ kind: fc.constant('set' as const), by: fc.double({ min: -1e8, max: 1e8, noNaN: true }) }),
)

describe('elapsed time', () => {
  test('is never less than has passed, whichever clock sleeps or is set', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const clocks = makeClocks()
        let before = 0
        let sleeps = 0
        for (const { kind, by } of steps) {
          clocks[kind](by)
          if (kind === 'sleep') sleeps += 1
          const now = clocks.elapsed.now()
          expect(now).toBeGreaterThanOrEqual(before)
          // A sleep that is shorter than the tolerance may be hidden by a clock that was set back.
          expect(now).toBeGreaterThanOrEqual(clocks.times.truth - sleeps * 251 - 1)
          before = now
        }
      }),
    )
  })

  test('is what has passed where both clocks agree, however often it is asked', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 3, noNaN: true }), { minLength: 1, maxLength: 5000 }), (steps) => {
        const clocks = makeClocks()
        for (const by of steps) {
          clocks.run(by)
          clocks.elapsed.now()
        }
        expect(clocks.elapsed.now()).toBeLessThanOrEqual(clocks.times.truth + 2)
        expect(clocks.elapsed.leaps).toBe(0)
      }),
      { numRuns: 20 },
    )
  })
})

describe('the time of the authority', () => {
  test('goes on from what was told, and is not known after a clock was set', () => {
    const clocks = makeClocks()
    const time = new AuthorityTime(clocks.elapsed)
    expect(time.at(clocks.elapsed.now())).toBeUndefined()
    const sent = { elapsed: clocks.elapsed.now(), leaps: clocks.elapsed.leaps }
    clocks.run(50)
    time.tell(5_000_000, sent)
    clocks.run(100)
    expect(time.at(clocks.elapsed.now())).toBe(5_000_150)
    clocks.set(-3_600_000)
    const after = clocks.elapsed.now()
    expect(time.at(after)).toBeUndefined()
    time.tell(5_000_200, { elapsed: after, leaps: clocks.elapsed.leaps })
    expect(time.at(clocks.elapsed.now())).toBe(5_000_200)
  })

  test('is that of the question that was sent last', () => {
    const clocks = makeClocks()
    const time = new AuthorityTime(clocks.elapsed)
    time.tell(2000, { elapsed: 20, leaps: 0 })
    time.tell(1000, { elapsed: 10, leaps: 0 })
    expect(time.at(20)).toBe(2000)
  })
})
