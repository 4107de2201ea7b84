// Authorization headers that no honest client sends: every one of them is a 401, and none a way in.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { formatAuthorization, parseAuthorization } from '@hallpass/macaroon'

import { endTarget, expectNo, startTarget, type Target } from './attack.ts'
import { expectRefusal, type Answer } from './http.ts'
import { withBoundlessArray, withCaveats, withDeepArrays, withNesting } from './raw-macaroons.ts'
import { speak, statusesIn } from './raw-socket.ts'

let target: Target
let token: string
let bytes: Uint8Array
beforeAll(async () => {
  target = await startTarget()
  token = target.minted.token.replace('FlyV1 ', '')
  bytes = parseAuthorization(token).macaroons[0] ?? Uint8Array.of()
})
afterAll(() => endTarget(target))

const present = (authorization: string): Promise<Answer> =>
  target.ask('GET', '/v1/orgs', { headers: { authorization } })

async function expectRefused(authorization: string): Promise<void> {
  const answer = await present(authorization)
  expectNo(answer, authorization.slice(0, 60))
  expect(expectRefusal(answer, 401).code).toBe('unauthenticated')
}

describe('schemes', () => {
  test('those of the contract are taken in any case, also twice over', async () => {
    for (const scheme of ['', 'Bearer ', 'bearer ', 'BEARER ', 'FlyV1 ', 'flyv1 ', 'Bearer FlyV1 ', 'FlyV1 FlyV1 ']) {
      expect((await present(scheme + token)).status, scheme).toBe(200)
    }
  })

  test('others are not, nor nothing at all', async () => {
    const { email, password } = target.admin
    const basic = Buffer.from(`${email}:${password}`).toString('base64')
    for (const header of [
      `Basic ${basic}`,
      `Basic ${Buffer.from(token).toString('base64')}`,
      `Basic ${Buffer.from(`${token}:`).toString('base64')}`,
      `Basic ${token}`,
      'Basic',
      'Basic ====',
      `Digest username="${email}", realm="hallpass", response="0"`,
      `Negotiate ${token}`,
      `Token ${token}`,
      'Bearer',
      'Bearer ',
      'FlyV1',
      'FlyV1 ',
      'FlyV1 ,',
      ',',
      ',,,,',
      'Bearer Bearer Bearer',
      'null',
      'Bearer undefined',
      'Bearer fo1_',
      'Bearer fo1_short',
      `Bearer fo1_${'A'.repeat(43)}`,
      `Bearer fo1_${'A'.repeat(60_000)}`,
      `Bearer ${'\u00e9'.repeat(100)}`,
      'Bearer fm2_\u00ff\u00fe',
      'Bearer fm1r_AAAA',
      'Bearer fm9_AAAA',
    ]) {
      await expectRefused(header)
    }
    expect((await present(`Bearer Bearer Bearer ${token}`)).status).toBeLessThan(500)
  })

  test('Basic is one where the token is its password, and no answer asks for it', async () => {
    const basic = `Basic ${Buffer.from(`x:${token}`).toString('base64')}`
    expect((await present(basic)).status).toBe(200)
    expect((await present('Basic eDp5')).headers.get('www-authenticate')).toMatch(/^Bearer /)
  })

  test('two headers are not two chances', async () => {
    const lines = (first: string, second: string) =>
      `GET /v1/orgs HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: ${first}\r\nauthorization: ${second}\r\n\r\n`
    for (const pair of [lines('Bearer x', 'Bearer y'), lines('Bearer x', `Bearer ${token}`)]) {
      expect(statusesIn(await speak(target.url, pair))).toEqual([400])
    }
  })
})

describe('a header with an element that is no token', () => {
  test('keeps the token beside it, at any place', async () => {
    for (const odd of [
      '',
      'fm9_AAAA',
      'v2.public.x',
      'fo1_a b',
      'fm2_AA',
      'fm2_AA!A',
      token.slice(0, -6),
      token + token,
    ]) {
      for (const header of [`${odd},${token}`, `${token},${odd}`, `${token},${odd},`]) {
        expect((await present(`FlyV1 ${header}`)).status, header.slice(0, 30)).toBe(200)
      }
      await expectRefused(`FlyV1 ${odd},${odd}`)
    }
  })

  test('says what was left out where no token counts, and never what it said', async () => {
    const unknown = encode(Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) ?? 0) ^ 1)]))
    const answer = await present(`FlyV1 ${unknown},fm9_something`)
    const { message } = expectRefusal(answer, 401)
    expect(message).not.toContain('something')
    expect(expectRefusal(await present('FlyV1 fm9_something'), 401).message).toMatch(/^Token 1 starts with none of/)
  })
})

describe('damaged tokens', () => {
  test('cut off at every length', async () => {
    const padding = /=*$/.exec(token)?.[0].length ?? 0
    const cuts = Array.from({ length: token.length - padding - 1 }, (_, length) => token.slice(0, length + 1))
    for (const cut of cuts) await expectRefused(`Bearer ${cut}`)
  })

  test('with any one byte changed, left out or put in', async () => {
    for (let at = 0; at < bytes.length; at += 1) {
      const flipped = Buffer.from(bytes)
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
      const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)])
      const longer = Buffer.concat([bytes.subarray(0, at), Buffer.of(at % 256), bytes.subarray(at)])
      for (const damaged of [flipped, shorter, longer]) {
        // One byte put in beside its like makes the same bytes elsewhere; none of them makes the token itself.
        await expectRefused(`Bearer ${encode(damaged)}`)
      }
    }
  })

  test('not of the form that encoders write', async () => {
    for (const damaged of [
      `${token}A`,
      `${token}====`,
      `${token} ${token}`,
      `${token};${token}`,
      token.replace('fm2_', 'FM2_'),
      token.replace('fm2_', 'fm2_ '),
      `${token.slice(0, 30)}\t${token.slice(30)}`,
      `${token.slice(0, 30)}!${token.slice(31)}`,
      encode(Buffer.concat([bytes, bytes])),
      encode(Buffer.concat([bytes, Buffer.of(0)])),
      encode(Buffer.of()),
      encode(Buffer.of(0xc0)),
      encode(Buffer.of(0x90)),
      encode(Buffer.alloc(1000, 0xff)),
    ]) {
      await expectRefused(`Bearer ${damaged}`)
    }
  })
})

describe('too much of everything', () => {
  test.each([256, 257, 10_000])('%i caveats that nobody signed', async (count) => {
    await expectRefused(withCaveats(target.minted.token, { type: 'IsMember' }, count))
  })

  test.each([1, 8, 9, 100, 5000])('conditions nested %i deep', async (depth) => {
    await expectRefused(withNesting(target.minted.token, depth))
  })

  test('arrays nested thirty thousand deep, and one without bounds', async () => {
    await expectRefused(withDeepArrays(target.minted.token, 30_000))
    await expectRefused(withBoundlessArray(target.minted.token))
  })

  test('more tokens than a header may hold, and as many as it may', async () => {
    const many = (count: number) => `FlyV1 ${Array.from({ length: count }, () => token).join(',')}`
    expect((await present(many(256))).status).toBe(200)
    await expectRefused(many(257))
    await expectRefused(`FlyV1 ${','.repeat(5000)}${token}${','.repeat(5000)}x`)
  })

  test('a header past 64 KiB, and headers past 80 KiB', async () => {
    await expectRefused(`Bearer fm2_${'A'.repeat(65_536)}`)
    await expectRefused(`Bearer ${token},fm2_${'A'.repeat(65_536)}`)
    for (const length of [82_000, 200_000]) {
      const received = await speak(
        target.url,
        `GET /v1/orgs HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${'A'.repeat(length)}\r\n\r\n`,
      )
      // A client that is still writing when it is hung up on may not hear why.
      if (received !== '') expect(statusesIn(received)).toEqual([431])
    }
  })
})

function encode(damaged: Uint8Array): string {
  return formatAuthorization([damaged]).replace('FlyV1 ', '')
}
