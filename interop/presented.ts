/** Changes that tokens meet on their way: bytes changed, locations moved, discharges lost, doubled and in another order. */

import { decodeMacaroon } from '@hallpass/macaroon'
import type { Case } from './case.ts'
import type { Dice } from './dice.ts'

export interface Presented {
  readonly token: Uint8Array
  readonly discharges: readonly Uint8Array[]
}

export function present(
  made: { readonly token: Uint8Array; readonly discharges: readonly (Uint8Array | null)[] },
  { damage, dice }: Case,
): Presented {
  const { token } = made
  const discharges = made.discharges.filter((discharge) => discharge !== null)
  const which = dice.below(Math.max(discharges.length, 1))
  const replaced = (change: (bytes: Uint8Array) => Uint8Array) =>
    discharges.map((discharge, i) => (i === which ? change(discharge) : discharge))
  switch (damage) {
    case 'none':
      return { token, discharges }
    case 'token changed':
      return { token: changeBytes(dice, token), discharges }
    case 'discharge changed':
      return { token, discharges: replaced((bytes) => changeBytes(dice, bytes)) }
    case 'discharge dropped':
      return { token, discharges: discharges.toSpliced(which, 1) }
    case 'turned round':
      return { token, discharges: [...discharges, ...discharges].reverse() }
    case 'token among the discharges':
      return { token, discharges: [token, ...discharges] }
    case 'token moved':
      return { token: move(token), discharges }
    case 'discharge moved':
      return { token, discharges: replaced(move) }
  }
}

/**
 * Whether these bytes may be given to Go's library: it allocates whatever the head of an array announces, 32 GiB if need
 * be, so no head may announce more than 65,535; and it loses its place behind extensions, so there may be none.
 */
export function isHarmless(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const read = (at: number, width: number) => {
    if (at + width > bytes.length) return bytes.length
    if (width === 1) return view.getUint8(at)
    return width === 2 ? view.getUint16(at) : view.getUint32(at)
  }
  for (let at = 0; at < bytes.length;) {
    const code = bytes[at] ?? 0
    at += 1
    if ((code >= 0xc7 && code <= 0xc9) || (code >= 0xd4 && code <= 0xd8)) return false
    if ((code === 0xdd || code === 0xdf) && read(at, 4) > 0xffff) return false
    if (code >= 0xa0 && code <= 0xbf) at += code & 31
    else if (code >= 0xc4 && code <= 0xc6) at += 2 ** (code - 0xc4) + read(at, 2 ** (code - 0xc4))
    else if (code >= 0xd9 && code <= 0xdb) at += 2 ** (code - 0xd9) + read(at, 2 ** (code - 0xd9))
    else if (code >= 0xca && code <= 0xd3) at += numberWidths[code - 0xca] ?? 0
    else if (code >= 0xdc && code <= 0xdf) at += code % 2 === 0 ? 2 : 4
  }
  return true
}

/** How many bytes follow the heads of floats and integers, from 0xca to 0xd3. */
const numberWidths = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8]

function changeBytes(dice: Dice, bytes: Uint8Array): Uint8Array {
  const changed = new Uint8Array(bytes)
  for (let left = 1 + dice.below(2); left > 0; left -= 1) {
    changed[dice.below(bytes.length)] = dice.once(3) ? dice.pick([0x00, 0x90, 0xa0, 0xc0, 0xc4]) : dice.below(256)
  }
  return dice.once(10) ? changed.subarray(0, dice.below(bytes.length)) : changed
}

/** The location is not covered by the tail, so that anybody can write another one. */
function move(bytes: Uint8Array): Uint8Array {
  const { nonce, location } = decodeMacaroon(bytes)
  const before = 1 + nonce.bytes.length
  const length = new TextEncoder().encode(location).length
  const after = before + (length < 32 ? 1 : 2) + length
  return Uint8Array.of(...bytes.subarray(0, before), 0xa1, 0x63, ...bytes.subarray(after))
}
