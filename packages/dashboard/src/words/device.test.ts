import { expect, it } from 'vitest'

import { sayDevice } from './device.ts'

it.each([
  ['web', 'Firefox on Linux', 'Firefox on Linux'],
  ['cli', 'hallpass on build-box', 'hallpass on build-box'],
  ['web', 'Mozilla/5.0 (X11) Rare/1', 'A browser'],
  ['cli', '', 'A command line'],
  ['cli', 'unknown', 'A command line'],
] as const)('%s that calls itself %j is %j', (kind, label, words) => {
  expect(sayDevice(kind, label)).toBe(words)
})
