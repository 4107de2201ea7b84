// Sizes as people write them.
import { expect, test } from 'vitest'

import { readSize } from './find-volume.ts'

test('a size is whole gigabytes, at least one', () => {
  expect(['1', '3gb', '10 GB', '0020g'].map(readSize)).toEqual([1, 3, 10, 20])
  for (const wrong of ['', '0', '00', '-1', '1.5', '3mb', '1e3', '12345'])
    expect(() => readSize(wrong)).toThrow(/at least 1/)
})
