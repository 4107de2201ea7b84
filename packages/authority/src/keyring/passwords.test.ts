import { describe, expect, it } from 'vitest'

import { Secret } from '../domain/secret.ts'
import { createPasswordHasher } from './passwords.ts'

describe('the password hasher', () => {
  const hasher = createPasswordHasher()

  it('knows a password again, and no other', async () => {
    const hash = await hasher.hash(new Secret('correct horse'))
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(await hasher.verify(new Secret('correct horse'), hash)).toBe(true)
    expect(await hasher.verify(new Secret('correct horsf'), hash)).toBe(false)
    expect(await hasher.verify(new Secret('correct horse'), undefined)).toBe(false)
  })

  it('salts: the same password never gives the same hash', async () => {
    const [first, second] = await Promise.all([hasher.hash(new Secret('same')), hasher.hash(new Secret('same'))])
    expect(first).not.toBe(second)
  })

  it('reads what argon2 of other makers wrote', async () => {
    // Made with the reference implementation: argon2 password, salt "somesalt", -id -t 2 -k 65536 -p 1.
    const hash = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
    expect(await hasher.verify(new Secret('password'), hash)).toBe(true)
  })

  it('refuses more at once than it can take, and serves those whom it took', async () => {
    const all = await Promise.allSettled(Array.from({ length: 80 }, () => hasher.verify(new Secret('x'), undefined)))
    const refused = all.filter((result) => result.status === 'rejected')
    expect(refused).toHaveLength(80 - 2 - 64)
    expect(refused.every(({ reason }) => reason.code === 'rate_limited')).toBe(true)
  })
})
