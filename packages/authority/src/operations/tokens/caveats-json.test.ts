import { type Caveat } from '@hallpass/macaroon'
import { encodeCaveats } from '@hallpass/macaroon/internal'
import { caveatsFromJSON, caveatsToJSON } from '@hallpass/macaroon/json'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { describeCaveats, describeRecordedCaveats } from './caveats-json.ts'

describe('caveats in answers', () => {
  it('are null for a token without stored caveats', () => {
    expect(describeRecordedCaveats(null)).toBeNull()
    expect(describeRecordedCaveats(encodeCaveats([]))).toEqual([])
  })

  it('keep all digits of their numbers, however large', () => {
    const number = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
    const instant = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    fc.assert(
      fc.property(number, instant, fc.string({ unit: 'grapheme' }), (id, notAfter, name) => {
        const caveats: readonly Caveat[] = [
          { type: 'ConfineUser', id },
          { type: 'ValidityWindow', notBefore: 0n, notAfter },
          {
            type: 'Machines',
            machines: new Map([
              [`9999999999999999999${name}`, 1],
              ['__proto__', 1],
            ]),
          },
          { type: 'Unknown', number: 2n ** 60n, body: Uint8Array.of(0xc3) },
        ]
        const written = JSON.stringify(describeRecordedCaveats(encodeCaveats(caveats)))
        expect(written).toBe(caveatsToJSON(caveats))
        expect(caveatsFromJSON(written)).toEqual(caveats)
        expect(JSON.stringify(describeCaveats(caveats))).toBe(written)
      }),
    )
  })
})
