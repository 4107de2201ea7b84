// What the holder of a token, or a forger, can make of it without the authority.
import { randomBytes } from 'node:crypto'

import {
  actions,
  attenuate,
  decodeMacaroon,
  formatAuthorization,
  mintMacaroon,
  parseAuthorization,
  type Caveat,
  type Macaroon,
} from '@hallpass/macaroon'

/** The one macaroon of a token. */
export function readMacaroon(token: string): Macaroon {
  const [bytes] = parseAuthorization(token).macaroons
  if (bytes === undefined) throw new Error('this token holds no macaroon')
  return decodeMacaroon(bytes)
}

/** The token with these caveats added, as its holder makes it. */
export function narrow(token: string, ...caveats: readonly Caveat[]): string {
  return formatAuthorization([attenuate(readMacaroon(token), caveats).bytes])
}

export function readonlyOf(token: string): string {
  const organisation = readMacaroon(token).unsafeCaveats.find((caveat) => caveat.type === 'Organization')
  if (organisation === undefined) throw new Error('this token names no organisation')
  return narrow(token, { ...organisation, mask: actions.read })
}

export function onlyFor(token: string, ...appIds: readonly number[]): string {
  return narrow(token, { type: 'Apps', apps: new Map(appIds.map((id) => [BigInt(id), actions.any])) })
}

export function endingAt(token: string, seconds: number | bigint): string {
  return narrow(token, { type: 'ValidityWindow', notBefore: 0n, notAfter: BigInt(seconds) })
}

/** One header with the macaroons of several tokens. */
export function bundle(...tokens: readonly string[]): string {
  return formatAuthorization(tokens.map((token) => readMacaroon(token).bytes))
}

/** A macaroon that says what the token says, under a key of the forger's own. */
export function forge(
  token: string,
  { kid, rnd }: { readonly kid?: Uint8Array; readonly rnd?: Uint8Array } = {},
): string {
  const { nonce, location, unsafeCaveats } = readMacaroon(token)
  const forged = mintMacaroon({
    kid: kid ?? nonce.kid,
    rnd: rnd ?? nonce.rnd,
    location,
    key: randomBytes(32),
    caveats: unsafeCaveats,
  })
  return formatAuthorization([forged.bytes])
}

export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
