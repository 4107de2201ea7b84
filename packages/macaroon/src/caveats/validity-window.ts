/** ValidityWindow: from when until when. */

import type { ValidityWindow } from '../caveat.ts'
import type { CaveatCodec, CaveatJson, Refusal } from '../codec.ts'
import { expectInteger, expectObject } from '../json.ts'

export const validityWindow: CaveatCodec<ValidityWindow> = {
  type: 'ValidityWindow',
  number: 4n,
  decode(reader) {
    reader.expectArray(2, 'a ValidityWindow')
    return { type: 'ValidityWindow', notBefore: reader.readInt(), notAfter: reader.readInt() }
  },
  encode(writer, caveat) {
    writer.writeArrayLength(2)
    writer.writeInt(caveat.notBefore)
    writer.writeInt(caveat.notAfter)
  },
  prohibits: refuse,
  prohibitsDischarge: refuse,
}

export const validityWindowJson: CaveatJson<ValidityWindow> = {
  toJson: (caveat) =>
    new Map([
      ['not_before', caveat.notBefore],
      ['not_after', caveat.notAfter],
    ]),
  fromJson(value, path) {
    const body = expectObject(value, path, ['not_after'], ['not_before'])
    return {
      type: 'ValidityWindow',
      // Left out it is 0, as in Go: a window without a beginning.
      notBefore: body.has('not_before') ? expectSeconds(body.get('not_before'), `${path}.not_before`) : 0n,
      notAfter: expectSeconds(body.get('not_after'), `${path}.not_after`),
    }
  },
}

/**
 * When a window ends for Go's clock, which counts from the year 1: the last 62,135,596,800 of the 2^63 seconds overflow
 * into the distant past, and such a token has ended. (In Go a beginning overflows too, and the window is always open;
 * here it begins when it says.)
 */
export function effectiveEnd(caveat: ValidityWindow): bigint {
  return caveat.notAfter > lastSecond ? firstSecond : caveat.notAfter
}

function refuse(caveat: ValidityWindow, { now }: { readonly now: number | bigint }): Refusal | undefined {
  const end = effectiveEnd(caveat)
  if (now > end) return { kind: 'time', reason: `ValidityWindow: the token ended at ${formatTime(end)}` }
  if (now < caveat.notBefore) {
    return { kind: 'time', reason: `ValidityWindow: the token begins only at ${formatTime(caveat.notBefore)}` }
  }
  return undefined
}

const firstSecond = -0x8000000000000000n
const lastSecond = 0x7fffffffffffffffn - 62_135_596_800n

function expectSeconds(value: Parameters<typeof expectInteger>[0], path: string): bigint {
  return expectInteger(value, path, -0x8000000000000000n, 0x7fffffffffffffffn)
}

function formatTime(seconds: bigint): string {
  if (seconds < -62_135_596_800n || seconds > 253_402_300_799n) return `second ${seconds} of Unix time`
  return new Date(Number(seconds) * 1000).toISOString().replace('.000Z', 'Z')
}
