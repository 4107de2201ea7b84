// What other libraries take to check a token. They do other jobs: see what each row means.
import { createHmac, randomBytes, webcrypto } from 'node:crypto'

import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { generateKeyPair, jwtVerify, SignJWT } from 'jose'
import macaroons from 'macaroon'

import { timeEach, timeEachSync } from './measure.ts'

export interface Other {
  readonly name: string
  readonly meaning: string
  /** Microseconds for one, of so many. */
  time(count: number): Promise<number> | number
}

export async function makeOthers(): Promise<readonly Other[]> {
  return [await hs256(), await edDsa(), npmMacaroon(), await biscuit()]
}

/** The bare HMACs of a chain, one after the other. */
export function chainWithNode(key: Uint8Array, links: readonly Uint8Array[]): Uint8Array {
  return links.reduce<Uint8Array>((tail, link) => createHmac('sha256', tail).update(link).digest(), key)
}

export function chainWithNoble(key: Uint8Array, links: readonly Uint8Array[]): Uint8Array {
  return links.reduce((tail, link) => hmac(sha256, tail, link), key)
}

async function hs256(): Promise<Other> {
  const key = await webcrypto.subtle.importKey('raw', randomBytes(32), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
    'verify',
  ])
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).setExpirationTime('1h').sign(key)
  return {
    name: 'jose HS256',
    meaning: 'jwtVerify of jose with a CryptoKey. A JWT cannot be narrowed by its holder.',
    time: (count) => timeEach(count, () => jwtVerify(token, key)),
  }
}

async function edDsa(): Promise<Other> {
  const { privateKey, publicKey } = await generateKeyPair('EdDSA')
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'EdDSA' }).setExpirationTime('1h').sign(privateKey)
  return {
    name: 'jose EdDSA',
    meaning: 'The same with a signature, which whoever verifies it could not have made.',
    time: (count) => timeEach(Math.ceil(count / 4), () => jwtVerify(token, publicKey)),
  }
}

function npmMacaroon(): Other {
  const rootKey = new Uint8Array(randomBytes(32))
  const macaroon = macaroons.newMacaroon({
    identifier: 'some key',
    location: 'https://api.example',
    rootKey,
    version: 2,
  })
  const conditions = ['org = 1234567', 'app = 4242424', 'before = 2100-01-01']
  for (const condition of conditions) macaroon.addFirstPartyCaveat(condition)
  const text = Buffer.from(macaroon.exportBinary()).toString('base64')
  const check = (condition: string) => (conditions.includes(condition) ? null : 'not met')
  return {
    name: 'npm macaroon',
    meaning:
      'The npm package macaroon, which signs with sjcl: base64, importMacaroon and verify, three caveats of text.',
    time: (count) =>
      timeEachSync(count, () => macaroons.importMacaroon(Buffer.from(text, 'base64')).verify(rootKey, check)),
  }
}

async function biscuit(): Promise<Other> {
  const { AuthorizerBuilder, Biscuit, KeyPair, SignatureAlgorithm } = await import('@biscuit-auth/biscuit-wasm')
  const root = new KeyPair(SignatureAlgorithm.Ed25519)
  const builder = Biscuit.builder()
  builder.addCode('right("org 1234567");')
  const block = Biscuit.block_builder()
  block.addCode('check if app("4242424");')
  const text = builder.build(root.getPrivateKey()).appendBlock(block).toBase64()
  const publicKey = root.getPublicKey()
  const run = (): void => {
    const token = Biscuit.fromBase64(text, publicKey)
    const asking = new AuthorizerBuilder()
    asking.addCode('app("4242424"); allow if right("org 1234567");')
    const authorizer = asking.buildAuthenticated(token)
    authorizer.authorize()
    authorizer.free()
    token.free()
  }
  return {
    name: 'biscuit-wasm',
    meaning:
      'fromBase64 and authorize of @biscuit-auth/biscuit-wasm, an authority block and one more. Biscuits are signed, and judged by Datalog.',
    time: (count) => timeEachSync(Math.ceil(count / 10), run),
  }
}

const claims = { org: 1_234_567, app: 4_242_424, actions: 31 }
