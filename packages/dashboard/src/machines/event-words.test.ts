import { describe, expect, test } from 'vitest'

import { sayEvent } from './event-words.ts'

const event = (type: string, status: string, request?: Record<string, unknown>) =>
  sayEvent({ id: '', type, status, source: 'flyd', timestamp: 0, ...(request === undefined ? {} : { request }) })

const exit = (fields: object, restarts = 0) =>
  event('exit', 'stopped', {
    exit_event: { exit_code: 0, signal: -1, oom_killed: false, requested_stop: false, restarting: false, ...fields },
    restart_count: restarts,
  })

describe('what happened to a machine', () => {
  test.each([
    [{}, 'Ended with exit code 0', '', 'off'],
    [{ exit_code: 7 }, 'Ended with exit code 7', '', 'bad'],
    [{ exit_code: 143, signal: 15, requested_stop: true }, 'Ended by SIGTERM, exit code 143', 'as requested', 'off'],
    [{ exit_code: 158, signal: 30 }, 'Ended by signal 30, exit code 158', '', 'bad'],
    [{ exit_code: 137, signal: 9, oom_killed: true }, 'Killed because it ran out of memory, exit code 137', '', 'bad'],
    [{ exit_code: -1, error: 'the engine lost the run' }, 'Ended', 'the engine lost the run', 'bad'],
  ])('%j', (fields, title, more, tone) => {
    expect(exit(fields)).toEqual({ title, more, tone })
  })

  test('says that it starts again, and how often it has', () => {
    expect(exit({ exit_code: 1, restarting: true }, 3).more).toBe('it starts again · restart 3 in a row')
  })

  test('says why something failed, and what it has no words for as it is', () => {
    expect(event('launch', 'failed', { error: 'There is no image a' })).toEqual({
      title: 'Could not be prepared',
      more: 'There is no image a',
      tone: 'bad',
    })
    expect(event('start', 'started')).toEqual({ title: 'Started', more: '', tone: 'good' })
    expect(event('migrate', 'migrated', { exit_event: 1 }).title).toBe('migrate migrated')
    expect(event('exit', 'stopped', { exit_event: null }).title).toBe('exit stopped')
  })
})
