import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Caveat } from './caveat.ts'
import { getCaveats } from './caveat-set.ts'
import { MacaroonError } from './errors.ts'
import { expiration } from './expiration.ts'
import { mintMacaroon } from './mint.ts'
import { organizationScope, scopeOfMacaroon } from './scope.ts'
import { caught } from './testing/errors.ts'

const organization = (id: bigint): Caveat => ({ type: 'Organization', id, mask: 0 })
const until = (notAfter: bigint): Caveat => ({ type: 'ValidityWindow', notBefore: 0n, notAfter })
const wrapped = (...ifs: Caveat[]): Caveat => ({ type: 'IfPresent', ifs, else: 0 })

describe('organizationScope', () => {
  it('is the one organisation that all name', () => {
    expect(organizationScope([organization(5n)])).toBe(5n)
    expect(organizationScope([{ type: 'IsMember' }, organization(5n), organization(5n)])).toBe(5n)
    expect(organizationScope([organization(5n), organization(0n)])).toBe(5n)
    expect(organizationScope([wrapped(wrapped(organization(2n ** 64n - 1n)))])).toBe(2n ** 64n - 1n)
    expect(organizationScope([organization(0n)])).toBe(0n)
  })

  it('is none where none is named, or two are', () => {
    expect(caught(() => organizationScope([])).code).toBe('no-organization')
    expect(caught(() => organizationScope([{ type: 'IsMember' }])).code).toBe('no-organization')
    expect(caught(() => organizationScope([wrapped(), { type: 'IfPresent', ifs: null, else: 0 }])).code).toBe(
      'no-organization',
    )
    const error = caught(() => organizationScope([organization(5n), wrapped(organization(6n))]))
    expect(error.code).toBe('conflicting-organizations')
    expect(error.message).toBe(
      'The caveats contradict each other: Organization allows only organization 6, and this is organization 5',
    )
    // As in Go, the first one decides what the others are held against.
    expect(caught(() => organizationScope([organization(0n), organization(5n)])).code).toBe('conflicting-organizations')
  })
})

describe('scopeOfMacaroon', () => {
  it('is what organizationScope says of its caveats', () => {
    const parts = fc.array(
      fc.oneof(
        fc.constantFrom(...[0n, 5n, 6n].map(organization)),
        fc.constantFrom(...[5n, 6n].map((id) => wrapped(organization(id)))),
        fc.constant<Caveat>({ type: 'IsMember' }),
      ),
      { minLength: 1, maxLength: 4 },
    )
    const scopeOrCode = (find: () => bigint) => {
      try {
        return find()
      } catch (error) {
        return error instanceof MacaroonError ? error.code : error
      }
    }
    fc.assert(
      fc.property(parts, (caveats) => {
        const [kid, rnd, key] = [new Uint8Array(16), new Uint8Array(16), new Uint8Array(32)]
        const macaroon = mintMacaroon({ kid, rnd, location: 'x', key, caveats })
        expect(scopeOrCode(() => scopeOfMacaroon(macaroon))).toEqual(scopeOrCode(() => organizationScope(caveats)))
      }),
    )
  })
})

describe('expiration', () => {
  it('is the earliest end, wherever it stands', () => {
    expect(expiration([organization(1n)])).toBeUndefined()
    expect(expiration([until(9n), until(7n), until(8n)])).toBe(7n)
    expect(expiration([until(9n), wrapped(wrapped(until(-3n)))])).toBe(-3n)
  })

  it("is in the distant past for an end beyond Go's clock", () => {
    expect(expiration([until(9n), until(2n ** 63n - 1n)])).toBe(-(2n ** 63n))
  })
})

describe('getCaveats', () => {
  it('finds one type in order, inside others too', () => {
    const list = [organization(1n), wrapped(organization(2n), until(1n), wrapped(organization(3n))), organization(4n)]
    expect(getCaveats(list, 'Organization').map(({ id }) => id)).toEqual([1n, 2n, 3n, 4n])
    expect(getCaveats(list, 'IfPresent')).toHaveLength(2)
    expect(getCaveats(list, 'Apps')).toEqual([])
  })
})
