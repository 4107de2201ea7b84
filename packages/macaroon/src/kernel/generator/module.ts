/** The WebAssembly kernel as a whole: its constants and its functions. */

import { encodeBase64 } from '../../base64.ts'
import { layout, memoryPages } from '../wasm-layout.ts'
import { open, seal } from './aead.ts'
import { assemble } from './assembler.ts'
import { encrypt, keystream } from './chacha20.ts'
import { chain, hash, hmac, mac } from './hmac.ts'
import { poly1305 } from './poly1305.ts'
import { absorb, compress } from './sha256.ts'
import { firstHash, roundConstants } from './sha256-constants.ts'
import { wipe } from './wipe.ts'

/** The bytes of the module. Nothing but this source decides them. */
export function makeModule(): Uint8Array {
  return assemble({
    functions: [
      compress(),
      absorb(index.compress),
      mac(index),
      hash(index),
      hmac(index),
      chain(index),
      keystream(),
      encrypt(index.keystream),
      poly1305(),
      seal(index),
      open(index),
      wipe,
    ],
    pages: memoryPages,
    data: makeConstants(),
  })
}

/** The module as the source file in which it is committed. */
export function formatModule(): string {
  const lines = encodeBase64(makeModule()).match(/.{1,110}/g) ?? []
  return [
    '/** The WebAssembly kernel in base64. Made by `npm run generate`; do not edit. */',
    '',
    'export const kernelModule =',
    lines.map((line) => `  '${line}'`).join(' +\n'),
    '',
  ].join('\n')
}

/** Where those functions stand that others call. */
const index = { compress: 0, absorb: 1, mac: 2, keystream: 6, encrypt: 7, poly1305: 8 } as const

function makeConstants(): Uint8Array {
  const data = new Uint8Array(layout.constantsEnd)
  const view = new DataView(data.buffer)
  for (const [i, word] of roundConstants.entries()) view.setInt32(layout.roundConstants + i * 4, word, true)
  for (const [i, word] of firstHash.entries()) view.setInt32(layout.initialHash + i * 4, word, true)
  // 64 bytes that keep and 64 that drop; 64 that add nothing, then the 1 bit that ends a text.
  data.fill(0xff, layout.keepMask, layout.keepMask + 64)
  data[layout.endMark + 64] = 0x80
  return data
}
