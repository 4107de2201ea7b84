// How long a Pod that does not start is waited for.
import { afterEach, expect, test, vi } from 'vitest'

import { EngineError } from '../engine-error.ts'
import { createPatience } from './patience.ts'

afterEach(() => vi.useRealTimers())

const full = { error: new EngineError('no_capacity', 'no room'), isPassing: true }

test('ends with a trouble that lasts, and begins anew with each', () => {
  vi.useFakeTimers()
  const patience = createPatience(3000)
  patience.note(full)
  vi.advanceTimersByTime(2000)
  // It has room now, and may take its time.
  patience.note(undefined)
  vi.advanceTimersByTime(60_000)
  expect(patience.signal.aborted).toBe(false)
  patience.note(full)
  vi.advanceTimersByTime(2000)
  patience.note(full)
  vi.advanceTimersByTime(1000)
  expect(patience.signal.reason).toBe(full.error)
})

test('waits for nothing that does not pass, and for nobody who has left', () => {
  vi.useFakeTimers()
  const patience = createPatience(3000)
  expect(() => patience.note({ ...full, isPassing: false })).toThrow('no room')
  patience.note(full)
  patience.end()
  vi.advanceTimersByTime(60_000)
  expect(patience.signal.aborted).toBe(false)
})
