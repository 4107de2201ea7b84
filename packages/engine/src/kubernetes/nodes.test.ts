// Quantities of Kubernetes.
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { quantityOf } from './nodes.ts'

test.each([
  ['4', 4],
  ['1930m', 1.93],
  ['16314300Ki', 16_314_300 * 1024],
  ['1.5Gi', 1.5 * 2 ** 30],
  ['1e3', 1000],
  ['2E', 2e18],
  ['.5', 0.5],
])('%s', (text, number) => expect(quantityOf(text)).toBeCloseTo(number, 6))

test('what is no quantity is no number', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      fc.pre(!/^[+-]?[\d.]+/.test(text))
      expect(quantityOf(text)).toBeNaN()
    }),
  )
  for (const text of ['', '1Xi', '1 Gi', '0x10', '1.2.3']) expect(quantityOf(text)).toBeNaN()
})
