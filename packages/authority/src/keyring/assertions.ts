// Signs what the authority asserts to services, with a key of its own that follows from the root key.
import { createPrivateKey, createPublicKey } from 'node:crypto'

import type { Keyring } from '../domain/keyring.ts'
import type { RootKey } from './root-key.ts'

/** RFC 8410 §7: a private key of Ed25519, without its 32 bytes. */
const beginning = Buffer.from('302e020100300506032b657004220420', 'hex')

export function createAssertions(rootKey: RootKey): Pick<Keyring, 'assert' | 'assertionKeys'> {
  let made: ReturnType<typeof make> | undefined
  async function make() {
    // A server that asserts nothing need not load it.
    const { calculateJwkThumbprint, exportJWK, SignJWT } = await import('jose')
    const der = Buffer.concat([beginning, rootKey.derive('assertions')])
    const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })
    const jwk = await exportJWK(createPublicKey(key))
    const published = { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: 'EdDSA', use: 'sig' }
    const { kid, alg } = published
    const sign = (claims: Readonly<Record<string, unknown>>) =>
      new SignJWT({ ...claims }).setProtectedHeader({ alg, kid, typ: 'hallpass-assertion+jwt' }).sign(key)
    return { published, sign }
  }
  const key = () => (made ??= make())
  return {
    assert: async (claims) => (await key()).sign(claims),
    assertionKeys: async () => ({ keys: [(await key()).published] }),
  }
}
