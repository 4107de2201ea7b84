/** The WebAssembly kernel as a whole: its constants and its functions. */

import { instantiate } from '../wasm-kernel.ts'
import { layout, memoryPages, rootCount, rootLength } from '../wasm-layout.ts'
import { open, openBox, seal } from './aead.ts'
import { assemble } from './assembler.ts'
import { encrypt, keystream } from './chacha20.ts'
import { chain, ends, follow, root } from './chain.ts'
import { hash, hmac, mac, pads } from './hmac.ts'
import { asciiBytes } from './instructions.ts'
import { poly1305 } from './poly1305.ts'
import { absorb, compress } from './sha256.ts'
import { wipe } from './wipe.ts'

/** The bytes of the module. Nothing but this source decides them. */
export function makeModule(): Uint8Array {
  const withoutPads = assembleWith(new Uint8Array(64))
  return assembleWith(hashPads(withoutPads, 'proof-signature-finalization'))
}

function assembleWith(proofPads: Uint8Array): Uint8Array {
  return assemble({
    functions: [
      compress(),
      absorb(index.compress),
      pads(index),
      mac(index),
      root(index),
      hash(index),
      hmac(index),
      chain(index),
      ends(index),
      keystream(),
      encrypt(index.keystream),
      poly1305(),
      seal(index),
      open(index),
      wipe,
      follow(index),
      openBox(index.open),
    ],
    pages: memoryPages,
    data: makeConstants(proofPads),
  })
}

/** The module as the source file in which it is committed. */
export function formatModule(): string {
  const hex = Array.from(makeModule(), (byte) => byte.toString(16).padStart(2, '0')).join('')
  const lines = hex.match(/.{1,110}/g) ?? []
  return [
    '/** The WebAssembly kernel in hexadecimal. Made by `npm run generate`; do not edit. */',
    '',
    '// Base64 would be shorter here, and half as long again once it is compressed.',
    'export const kernelModule =',
    lines.map((line) => `  '${line}'`).join(' +\n'),
    '',
  ].join('\n')
}

/** Where those functions stand that others call. */
const index = {
  compress: 0,
  absorb: 1,
  pads: 2,
  mac: 3,
  root: 4,
  chain: 7,
  keystream: 9,
  encrypt: 10,
  poly1305: 11,
  open: 13,
  wipe: 14,
  follow: 15,
} as const

function makeConstants(proofPads: Uint8Array): Uint8Array {
  const data = new Uint8Array(layout.constantsEnd)
  // 64 bytes that keep and 64 that drop; 64 that add nothing, then the 1 bit that ends a text.
  data.fill(0xff, layout.keepMask, layout.keepMask + 64)
  data[layout.endMark + 64] = 0x80
  // Under this key, the tail of a proof is finished; what its pads come to is the same every time.
  data.set(proofPads, layout.proofPads)
  return data
}

/** The hashes of both pads of a key of at most 32 bytes (RFC 2104 §4), as the module keeps them of a signing key. */
function hashPads(module: Uint8Array, key: string): Uint8Array {
  const wasm = instantiate(module)
  const memory = new Uint8Array(wasm.memory.buffer)
  memory.set(asciiBytes(key), layout.key)
  wasm.chain(0, 0, 0)
  const place = layout.roots + (key.charCodeAt(0) % rootCount) * rootLength
  return memory.slice(place + 32, place + rootLength)
}
