import { describe, expect, it } from 'vitest'

import { Secret } from '../domain/secret.ts'
import { createPasswordHasher } from './passwords.ts'

describe('the password hasher', () => {
  const hasher = createPasswordHasher()
  let asked = 0
  /** One verification for a single caller. */
  const verify = (password: string, hash: string | undefined, lane = 'home') =>
    hasher.verify(new Secret(password), hash, { lane, key: `${(asked += 1)}` })

  it('accepts the right password and no other', async () => {
    const hash = await hasher.hash(new Secret('correct horse'), 'home')
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(await verify('correct horse', hash)).toBe(true)
    expect(await verify('correct horsf', hash)).toBe(false)
    expect(await verify('correct horse', undefined)).toBe(false)
  })

  it('salts: the same password never gives the same hash', async () => {
    const [first, second] = await Promise.all([
      hasher.hash(new Secret('same'), 'home'),
      hasher.hash(new Secret('same'), 'home'),
    ])
    expect(first).not.toBe(second)
  })

  it('reads hashes of other argon2 implementations', async () => {
    // Made with the reference implementation: argon2 password, salt "somesalt", -id -t 2 -k 65536 -p 1.
    const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    expect(await verify('password', hash)).toBe(true)
  })

  it('refuses more than it can hold, and serves those it accepted', async () => {
    const all = await Promise.allSettled(Array.from({ length: 80 }, () => verify('x', undefined)))
    const refused = all.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(80 - 2 - 64)
    expect(refused.every(({ reason }) => reason.code === 'rate_limited')).toBe(true)
  })

  it('keeps nobody out because of a crowd on another network', async () => {
    const crowd = Promise.allSettled(Array.from({ length: 80 }, () => verify('x', undefined, 'crowd')))
    expect(await verify('x', undefined, 'elsewhere')).toBe(false)
    await crowd
  })

  it('reports one result before the next check with the same key begins, and checks nothing if that refuses', async () => {
    const events: string[] = []
    let failures = 0
    const turn = {
      lane: 'home',
      key: 'ada',
      begin() {
        events.push('begin')
        if (failures === 2) throw new Error('enough')
      },
      end(right: boolean) {
        events.push(`end ${right}`)
        failures += 1
      },
    }
    const all = await Promise.allSettled(
      Array.from({ length: 4 }, () => hasher.verify(new Secret('x'), undefined, turn)),
    )
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected'])
    expect(events).toEqual(['begin', 'end false', 'begin', 'end false', 'begin', 'begin'])
  })
})
