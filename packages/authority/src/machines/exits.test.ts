// The event for a run that the engine does not have.
import { expect, test } from 'vitest'

import type { Machine } from '../domain/machine.ts'
import { afterExit } from './exits.ts'

function errorAfter(state: Machine['state']): unknown {
  const machine = { id: 'm', state, startedAt: 1, restarts: 0, config: '{}', lastEventId: '' } as unknown as Machine
  const { events } = afterExit(machine, undefined, { now: 2, randomBytes: (length) => new Uint8Array(length) })
  const { exit_event: exit } = JSON.parse(events[0]?.request ?? '{}') as { exit_event?: { error?: string } }
  return exit?.error
}

test('a run that is gone was lost, unless it was to end: it may never have been made', () => {
  expect(errorAfter('started')).toBe('the engine lost the run')
  for (const state of ['stopping', 'restarting', 'replacing', 'destroying'] as const) {
    expect(errorAfter(state)).toBeUndefined()
  }
})
