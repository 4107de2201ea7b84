// What a cluster's words mean.
import { expect, test } from 'vitest'

import { errorOfCommand } from './errors.ts'

test.each([
  [
    'Internal error occurred: error sending request: Post "https://10.9.0.11:10250/exec/a/b/run": dial tcp 10.9.0.11:10250: i/o timeout',
    'unavailable',
  ],
  ['error dialing backend: dial tcp 10.9.0.11:10250: connect: connection refused', 'unavailable'],
  ['Internal error occurred: error dialing backend: remote error: tls: internal error', 'unavailable'],
  [
    'exec failed: unable to start container process: exec: "x": executable file not found in $PATH',
    'command_not_found',
  ],
])('%s', (words, code) => {
  const error = errorOfCommand(words)
  expect(error.code).toBe(code)
  if (code === 'unavailable') expect(error.message).not.toContain('10.9')
})
