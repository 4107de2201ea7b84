import { ApiError, ConnectionError } from '@hallpass/client'
import { describe, expect, it } from 'vitest'

import { CommandError, describeError, exitCodeFor } from './errors.ts'

describe('describeError', () => {
  it('is one clear sentence for everything that was foreseen', () => {
    for (const error of [
      new CommandError('failed', 'no such thing'),
      new ApiError('not_found', 'no such thing', { status: 404 }),
      new ConnectionError('unreachable', 'no such thing'),
    ]) {
      expect(describeError(error, {})).toBe('Error: no such thing')
    }
  })

  it('admits a bug, and shows the stack on request', () => {
    const bug = new TypeError('x is not a function')
    expect(describeError(bug, {})).toBe('Error: something went wrong that should not have: x is not a function')
    expect(describeError(bug, { HALLPASS_DEBUG: '1' })).toContain('errors.test.ts')
    expect(describeError('text', {})).toContain('text')
  })

  it('repeats no token and no control character', () => {
    const error = new ApiError('forbidden', 'FlyV1 fm2_AbC+/=,fo1_x-y \u001b[2J', { status: 403 })
    expect(describeError(error, {})).toBe('Error: FlyV1 fm2_[secret],fo1_[secret] \\u{1b}[2J')
  })
})

describe('exitCodeFor', () => {
  it('distinguishes misuse from failure', () => {
    expect(exitCodeFor(new CommandError('misused', ''))).toBe(2)
    expect(exitCodeFor(new CommandError('cancelled', ''))).toBe(130)
    expect(exitCodeFor(new ApiError('invalid_request', '', { status: 400 }))).toBe(2)
    expect(exitCodeFor(new ApiError('forbidden', '', { status: 403 }))).toBe(1)
    expect(exitCodeFor(new ConnectionError('timeout', ''))).toBe(1)
    expect(exitCodeFor(new ConnectionError('not_sent', ''))).toBe(2)
    expect(exitCodeFor('anything')).toBe(1)
    expect(exitCodeFor(new ApiError('command_not_found', '', { status: 422 }))).toBe(127)
    expect(exitCodeFor(new ApiError('command_not_runnable', '', { status: 422 }))).toBe(126)
  })
})
