// Macaroons that no honest tool makes: encoded byte by byte, past every bound.
import { createHmac } from 'node:crypto'

import { actions, formatAuthorization, type Caveat, type Macaroon } from '@hallpass/macaroon'
import { encodeCaveats } from '@hallpass/macaroon/internal'

import { readMacaroon } from './macaroons.ts'

/** The token's nonce and location with other caveats: as many of this one as asked. */
export function withCaveats(token: string, caveat: Caveat, count: number): string {
  const [one] = [elementsOf(caveat)]
  return assemble(token, Buffer.concat([arrayHeader(count * 2), ...Array.from({ length: count }, () => one)]))
}

/** The macaroon with so many more caveats, each made from the tail before it: genuine, with repetitions that no tool adds. */
export function withRepeated(macaroon: Macaroon, count: number, make: (tail: Uint8Array) => Caveat): Uint8Array {
  const present = macaroon.unsafeCaveats.map(elementsOf)
  const { nonce, location } = macaroon
  let { tail } = macaroon
  const added = Array.from({ length: count }, () => {
    const elements = elementsOf(make(tail))
    tail = createHmac('sha256', tail).update(elements).digest()
    return elements
  })
  const all = [...present, ...added]
  return encode({ nonce, location, tail }, Buffer.concat([arrayHeader(all.length * 2), ...all]))
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
  return formatAuthorization([encode(readMacaroon(token), caveats)])
}

function encode({ nonce, location, tail }: Pick<Macaroon, 'nonce' | 'location' | 'tail'>, caveats: Uint8Array): Buffer {
  const place = Buffer.from(location)
  return Buffer.concat([
    Buffer.of(0x94),
    nonce.bytes,
    Buffer.of(0xd9, place.length),
    place,
    caveats,
    Buffer.of(0xc4, tail.length),
    tail,
  ])
}
