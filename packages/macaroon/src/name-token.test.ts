import { describe, expect, it } from 'vitest'

import { attenuate } from './mint.ts'
import { mintMacaroon } from './mint.ts'
import { nameTokens, readBeginning } from './name-token.ts'
import { tokenId } from './nonce.ts'
import { formatAuthorization } from './text.ts'

const mint = (byte: number) =>
  mintMacaroon({
    kid: new Uint8Array(16).fill(byte),
    rnd: new Uint8Array(16).fill(byte + 1),
    location: 'https://api.fly.io/v1',
    key: new Uint8Array(32).fill(7),
    caveats: [{ type: 'IsMember' }],
  })

describe('the tokens that a text names', () => {
  const one = mint(1)
  const other = mint(3)
  const id = tokenId(one.nonce)
  const text = formatAuthorization([one.bytes])

  it('are named by a header, by copies that were narrowed, and each once', () => {
    const narrowed = attenuate(one, [{ type: 'Action', mask: 1 }])
    expect(nameTokens(text)).toEqual([id])
    expect(nameTokens(formatAuthorization([narrowed.bytes, one.bytes, other.bytes]))).toEqual([
      id,
      tokenId(other.nonce),
    ])
    expect(nameTokens(`export FLY_API_TOKEN='${text}'\n`)).toEqual([id])
    expect(nameTokens(text.replaceAll('+', '-').replaceAll('/', '_'))).toEqual([id])
  })

  it('are named by whatever holds their first bytes whole', () => {
    const least = 'FlyV1 fm2_'.length + Math.ceil((1 + 1 + 18 + 18 + 1) / 3) * 4
    for (let length = 0; length <= text.length; length += 1) {
      expect(nameTokens(text.slice(0, length)), `${length} characters`).toEqual(length < least ? [] : [id])
    }
    const damaged = `${text.slice(0, -8)}AAAAAAAA`
    expect(nameTokens(damaged)).toEqual([id])
  })

  it('are none where none begins', () => {
    for (const nothing of ['', 'fo1_abc', 'fm2_', 'fm2_====', 'fm2_AAAA', id, 'x'.repeat(65_536)]) {
      expect(nameTokens(nothing)).toEqual([])
    }
    expect(() => nameTokens('x'.repeat(65_537))).toThrow('65536 are the limit')
    expect(() => nameTokens('fm2_AAAA,'.repeat(257))).toThrow('more than 256')
    expect(() => nameTokens(7 as never)).toThrow('must be a string')
  })
})

describe('the beginning of a macaroon', () => {
  const macaroon = mint(5)

  it('tells its nonce and its location, whatever comes behind', () => {
    const least = 1 + macaroon.nonce.bytes.length + 1 + macaroon.location.length
    for (let length = 0; length <= macaroon.bytes.length; length += 1) {
      const found = readBeginning(Uint8Array.of(...macaroon.bytes.subarray(0, length), 0xc1))
      expect(found && tokenId(found.nonce), `${length} bytes`).toBe(
        length < least ? undefined : tokenId(macaroon.nonce),
      )
      expect(found?.location).toBe(length < least ? undefined : macaroon.location)
    }
  })

  it('is of bytes alone', () => {
    expect(readBeginning(new Uint8Array(40).fill(0x94))).toBeUndefined()
    expect(() => readBeginning('fm2_' as unknown as Uint8Array)).toThrow(/bytes/)
  })
})
