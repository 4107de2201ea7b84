import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'

import {
  actions,
  attenuate,
  decodeMacaroon,
  derivedTokenId,
  mintMacaroon,
  parseAuthorization,
  tokenId,
  type Caveat,
  type Macaroon,
} from '@hallpass/macaroon'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { formatDerived } from '../domain/derived-token.ts'
import { Secret } from '../domain/secret.ts'
import { checkRootKey, createKeyring, proveRootKey } from './keyring.ts'
import { RootKey, createRootKey, findRootKey } from './root-key.ts'

const location = 'https://api.fly.io/v1'

function decode(token: Secret): Macaroon {
  const [bytes] = parseAuthorization(token.reveal()).macaroons
  if (bytes === undefined) throw new Error('the minted token has no macaroon')
  return decodeMacaroon(bytes)
}

describe('the keyring', () => {
  const keyring = createKeyring(new RootKey(randomBytes(32)), location)
  const caveats = [{ type: 'Organization', id: 7n, mask: actions.any }, { type: 'IsMember' }] as const

  it('verifies what it minted, also when it starts again with the same root key', () => {
    const root = randomBytes(32)
    const key = createKeyring(new RootKey(root), location).createSigningKey(7, 0)
    const { id, token } = createKeyring(new RootKey(root), location).mint(key, caveats)
    const verified = createKeyring(new RootKey(root), location).verify(key, decode(token), [])
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect(verified.caveats).toEqual(caveats)
    expect(verified.location).toBe(location)
  })

  it('says when a token ends, and whether it is of the organization of its key', () => {
    const key = keyring.createSigningKey(7, 0)
    const until = (notAfter: bigint): Caveat => ({ type: 'ValidityWindow', notBefore: 0n, notAfter })
    expect(keyring.mint(key, caveats)).toMatchObject({ end: undefined, isOfOrganisation: true })
    expect(keyring.mint(key, [...caveats, until(9n), until(8n)])).toMatchObject({ end: 8n, isOfOrganisation: true })
    const others: readonly (readonly Caveat[])[] = [
      [{ type: 'IsMember' }],
      [{ type: 'Organization', id: 8n, mask: actions.any }],
      [...caveats, { type: 'Organization', id: 8n, mask: actions.any }],
    ]
    for (const other of others) expect(keyring.mint(key, other).isOfOrganisation).toBe(false)
  })

  it('never gives two tokens the same id, however many it mints', () => {
    const key = keyring.createSigningKey(7, 0)
    const minted = Array.from({ length: 600 }, () => keyring.mint(key, caveats))
    expect(new Set(minted.map(({ id }) => id)).size).toBe(600)
    for (const { token } of minted) expect(decode(token).nonce.rnd).toHaveLength(16)
  })

  it("does not open a token of one organisation with another's key", () => {
    const own = keyring.createSigningKey(7, 0)
    const others = keyring.createSigningKey(8, 0)
    const macaroon = decode(keyring.mint(own, caveats).token)
    expect(() => keyring.verify(others, macaroon, [])).toThrow('not genuine')
  })

  it("refuses a token that is genuine and names an organisation which is not the key's", () => {
    const key = keyring.createSigningKey(8, 0)
    const macaroon = decode(keyring.mint(key, caveats).token)
    expect(() => keyring.verify(key, macaroon, [])).toThrow('does not belong')
  })

  it('does not unwrap a key that was moved to another organisation or id, or damaged', () => {
    const key = keyring.createSigningKey(7, 0)
    expect(() => keyring.mint({ ...key, organisationId: 8 }, caveats)).toThrow('cannot be unwrapped')
    expect(() => keyring.mint({ ...key, kid: randomBytes(16) }, caveats)).toThrow('cannot be unwrapped')
  })

  it('does not unwrap a key with one changed bit', () => {
    const root = randomBytes(32)
    const key = createKeyring(new RootKey(root), location).createSigningKey(7, 0)
    for (let position = 0; position < key.wrapped.length; position += 1) {
      const wrapped = Uint8Array.from(key.wrapped)
      wrapped[position] = (wrapped[position] ?? 0) ^ 1
      const afresh = createKeyring(new RootKey(root), location)
      expect(() => afresh.mint({ ...key, wrapped }, caveats)).toThrow('cannot be unwrapped')
    }
    expect(() => createKeyring(new RootKey(root), location).mint(key, caveats)).not.toThrow()
  })

  it('refuses a macaroon that somebody else signed under the same kid', () => {
    const key = keyring.createSigningKey(7, 0)
    const forged = mintMacaroon({ kid: key.kid, rnd: randomBytes(16), location, key: randomBytes(32), caveats })
    expect(() => keyring.verify(key, forged, [])).toThrow('not genuine')
  })

  it('has the digests of the tails of genuine macaroons alone', () => {
    const [key, other] = [keyring.createSigningKey(7, 0), keyring.createSigningKey(7, 0)]
    const macaroon = decode(keyring.mint(key, caveats).token)
    const narrowed = attenuate(macaroon, [{ type: 'RunLabel', agent: 'ci', run: '', onBehalfOf: '' }])
    const digests = keyring.tailDigests(key, narrowed, caveats.length)
    const names = digests.map((digest) => formatDerived({ tokenId: tokenId(macaroon.nonce), digest }))
    expect(names).toEqual([derivedTokenId(macaroon), derivedTokenId(narrowed)])
    const refused = { code: 'unauthenticated', message: expect.stringContaining('not genuine') as string }
    expect(() => keyring.tailDigests(other, narrowed, 0)).toThrow(expect.objectContaining(refused))
  })

  it('never prints a token', () => {
    const { token } = keyring.mint(keyring.createSigningKey(7, 0), caveats)
    expect([String(token), JSON.stringify({ token }), inspect({ token })].join()).not.toContain('fm2_')
  })
})

describe('the root key', () => {
  let directory: string
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'hallpass-key-'))
  })
  afterEach(() => rm(directory, { recursive: true }))

  it('is made once, with mode 0600, and found again', async () => {
    const load = async () => (await findRootKey({ environment: undefined, dataDirectory: directory }))?.key
    const [{ key: first }, { key: second }] = await Promise.all([createRootKey(directory), createRootKey(directory)])
    const proof = proveRootKey(first)
    checkRootKey(second, proof)
    checkRootKey((await load()) ?? second, proof)
    expect(await readdir(directory)).toEqual(['root.key'])
    expect((await stat(join(directory, 'root.key'))).mode & 0o777).toBe(0o600)
  })

  it.each(['hex', 'base64', 'base64url'] as const)('comes from the environment as %s', async (encoding) => {
    const bytes = randomBytes(32)
    const environment = new Secret(bytes.toString(encoding))
    const found = await findRootKey({ environment, dataDirectory: directory })
    expect(found).toMatchObject({ key: expect.any(RootKey) as RootKey })
    if (found !== undefined) checkRootKey(found.key, proveRootKey(new RootKey(bytes)))
  })

  it.each(['short', 'x'.repeat(44), randomBytes(31).toString('base64'), randomBytes(33).toString('hex')])(
    'is refused as %j, without being repeated',
    async (text) => {
      const loading = findRootKey({ environment: new Secret(text), dataDirectory: directory })
      const failure: unknown = await loading.catch((error) => error)
      expect(failure).toMatchObject({ code: 'root_key_invalid' })
      expect(String(failure)).not.toContain(text)
    },
  )

  it('is refused if others can read it or the file has something else in it', async () => {
    await createRootKey(directory)
    const path = join(directory, 'root.key')
    await chmod(path, 0o640)
    await expect(findRootKey({ environment: undefined, dataDirectory: directory })).rejects.toThrow('chmod 600')
    await chmod(path, 0o600)
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 10))
    await expect(findRootKey({ environment: undefined, dataDirectory: directory })).rejects.toMatchObject({
      code: 'root_key_invalid',
    })
  })

  it('is recognized by its proof', () => {
    const proof = proveRootKey(new RootKey(randomBytes(32)))
    expect(() => checkRootKey(new RootKey(randomBytes(32)), proof)).toThrow('another root key')
  })
})
