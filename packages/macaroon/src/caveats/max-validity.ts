/** MaxValidity: for how long at most a third party may let a discharge hold. */

import type { MaxValidity } from '../caveat.ts'
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import { expectInteger } from '../json.ts'
import { onlyForDischarges } from './confine.ts'
import { expectId, maxUint64 } from './mask.ts'

export const maxValidity: CaveatCodec<MaxValidity> = {
  type: 'MaxValidity',
  number: 21n,
  decode: (reader) => ({ type: 'MaxValidity', seconds: reader.readUint() }),
  encode: (writer, caveat) => writer.writeUint(expectId(caveat.seconds)),
  prohibits: onlyForDischarges,
  prohibitsDischarge(caveat, access) {
    const asked = nanoseconds(access.expiry) - nanoseconds(access.now)
    if (asked <= effectiveDuration(caveat)) return undefined
    const seconds = Number(asked) / 1e9
    return {
      kind: 'time',
      reason: `MaxValidity lets a discharge hold for ${caveat.seconds} seconds, and this is to hold for ${seconds}`,
    }
  },
}

export const maxValidityJson: CaveatJson<MaxValidity> = {
  toJson: (caveat) => caveat.seconds,
  fromJson: (value, path) => ({ type: 'MaxValidity', seconds: expectInteger(value, path, 0n, maxUint64) }),
}

/**
 * The nanoseconds that Go's `MaxValidity` comes to: its durations have 64 bits with a sign, so what is longer than 292
 * years wraps around, and may come out negative.
 */
function effectiveDuration(caveat: MaxValidity): bigint {
  return BigInt.asIntN(64, caveat.seconds * 1_000_000_000n)
}

function nanoseconds(time: number | bigint): bigint {
  if (typeof time === 'bigint') return time * 1_000_000_000n
  const whole = Math.trunc(time)
  return BigInt(whole) * 1_000_000_000n + BigInt(Math.trunc((time - whole) * 1e9))
}
