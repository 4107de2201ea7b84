// Macaroons that no honest tool makes: encoded byte by byte, past every bound.
import { actions, formatAuthorization, type Caveat } from '@hallpass/macaroon'
import { encodeCaveats } from '@hallpass/macaroon/internal'

import { readMacaroon } from './macaroons.ts'

/** The token's nonce and location with other caveats: as many of this one as asked. */
export function withCaveats(token: string, caveat: Caveat, count: number): string {
  const [one] = [elementsOf(caveat)]
  return assemble(token, Buffer.concat([arrayHeader(count * 2), ...Array.from({ length: count }, () => one)]))
}

/** IfPresent in IfPresent, to this depth. */
export function withNesting(token: string, depth: number): string {
  const innermost = elementsOf({ type: 'IsMember' })
  const shell = elementsOf({ type: 'IfPresent', ifs: [{ type: 'IsMember' }], else: actions.read })
  const at = shell.indexOf(innermost)
  let nested: Buffer = innermost
  for (let level = 0; level < depth; level += 1) {
    nested = Buffer.concat([shell.subarray(0, at), nested, shell.subarray(at + innermost.length)])
  }
  return assemble(token, Buffer.concat([arrayHeader(2), nested]))
}

/** Arrays in arrays in the place of the caveats: nothing but depth. */
export function withDeepArrays(token: string, depth: number): string {
  return assemble(token, Buffer.concat([Buffer.alloc(depth, 0x91), Buffer.of(0x90)]))
}

/** An array that says it has four thousand million elements. */
export function withBoundlessArray(token: string): string {
  return assemble(token, Buffer.of(0xdd, 0xff, 0xff, 0xff, 0xff))
}

/** A caveat's two elements, without the array around them. */
function elementsOf(caveat: Caveat): Buffer {
  return Buffer.from(encodeCaveats([caveat]).subarray(1))
}

function arrayHeader(length: number): Buffer {
  const header = Buffer.alloc(5, 0xdd)
  header.writeUInt32BE(length, 1)
  return header
}

function assemble(token: string, caveats: Uint8Array): string {
  const { nonce, location, tail } = readMacaroon(token)
  const place = Buffer.from(location)
  return formatAuthorization([
    Buffer.concat([
      Buffer.of(0x94),
      nonce.bytes,
      Buffer.of(0xd9, place.length),
      place,
      caveats,
      Buffer.of(0xc4, tail.length),
      tail,
    ]),
  ])
}
