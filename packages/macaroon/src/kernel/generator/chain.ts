/** The chain of a macaroon: an HMAC for the nonce and one for every caveat, each keyed with the one before. */

import { layout, rootCount, rootLength } from '../wasm-layout.ts'
import type { Func } from './assembler.ts'
import { words, writeDigest } from './hmac.ts'
import { type Code, call, get, i32, ifThen, loopWhile, set, types, v128 } from './instructions.ts'
import { loadWords, swapBytes } from './sha256.ts'

interface Indices {
  readonly pads: number
  readonly mac: number
  readonly root: number
  readonly chain: number
  readonly follow: number
  readonly wipe: number
}

/**
 * root(): the hashes of the pads of the signing key of 32 bytes at `key`, to `inner` and `outer`. Most keys sign many
 * macaroons, so those of the last few are kept.
 */
export function root({ pads }: Indices): Func {
  const [place, low, high] = [0, 1, 2]
  const [wireLow, wireHigh] = loadWords(i32.const(0), layout.key)
  const [keptLow, keptHigh] = loadWords(get(place), 0)
  const differs = v128.anyTrue(v128.or(v128.xor(get(low), keptLow), v128.xor(get(high), keptHigh)))
  const number = i32.and(i32.load8(i32.const(0), layout.key), i32.const(rootCount - 1))
  return {
    params: [],
    results: [],
    locals: [types.i32, types.v128, types.v128],
    code: [
      ...set(low, wireLow),
      ...set(high, wireHigh),
      ...set(place, i32.add(i32.mul(number, i32.const(rootLength)), i32.const(layout.roots))),
      ...ifThen(differs, [
        ...v128.store(get(place), get(low)),
        ...v128.store(get(place), get(high), 16),
        ...call(
          pads,
          swapBytes(get(low)),
          swapBytes(get(high)),
          words(0, 0, 0, 0),
          words(0, 0, 0, 0),
          i32.add(get(place), i32.const(32)),
        ),
      ]),
      ...copyPads(i32.add(get(place), i32.const(32))),
    ],
  }
}

/**
 * chain(nonceStart, nonceEnd, caveats): all tails, under the 32 bytes at `key`. The starts of the caveats, and the end of
 * the last, are at `offsets`, counted like the nonce from the start of the input.
 */
export function chain({ root, pads, mac, wipe }: Indices): Func {
  const [start, end, left, offset, tail, kept] = [0, 1, 2, 3, 4, 5]
  const bump = (local: number, by: number) => set(local, i32.add(get(local), i32.const(by)))
  const head = i32.sub(get(start), i32.const(1))
  return {
    name: 'chain',
    params: [types.i32, types.i32, types.i32],
    results: [],
    locals: [types.i32, types.i32, types.i32],
    code: [
      ...call(root),
      ...call(mac, i32.add(get(start), i32.const(layout.input)), i32.sub(get(end), get(start))),
      ...set(tail, i32.const(layout.tails)),
      ...set(offset, i32.const(layout.offsets)),
      ...loopWhile(get(left), [
        ...writeDigest(get(tail)),
        ...bump(tail, 32),
        ...set(start, i32.add(i32.load(get(offset)), i32.const(layout.input))),
        ...set(end, i32.add(i32.load(get(offset), 4), i32.const(layout.input))),
        ...bump(offset, 4),
        // For as long as it takes, the head of an array of two stands in the place of the byte before.
        ...set(kept, i32.load8(head)),
        ...i32.store8(head, i32.const(0x92)),
        ...call(
          pads,
          ...loadWords(i32.const(0), layout.digest),
          words(0, 0, 0, 0),
          words(0, 0, 0, 0),
          i32.const(layout.inner),
        ),
        ...call(mac, head, i32.add(i32.sub(get(end), get(start)), i32.const(1))),
        ...i32.store8(head, get(kept)),
        ...set(left, i32.sub(get(left), i32.const(1))),
      ]),
      ...writeDigest(get(tail)),
      ...call(wipe, i32.const(layout.key), i32.const(layout.digest)),
    ],
  }
}

/**
 * follow(nonceStart, nonceEnd, caveats, claimed, proof): 1 where the chain ends in the 32 bytes at `claimed` in the input, or
 * those of a proof do; else 0. Its tails are left.
 */
export function follow({ mac, chain, wipe }: Indices): Func {
  const [start, end, caveats, claimed, proof, last, same] = [0, 1, 2, 3, 4, 5, 6]
  const [low, high] = loadWords(i32.const(0), layout.digest).map(swapBytes) as [Code, Code]
  const [claimedLow, claimedHigh] = loadWords(i32.add(get(claimed), i32.const(layout.input)), 0)
  return {
    name: 'follow',
    params: Array.from({ length: 5 }, () => types.i32),
    results: [types.i32],
    locals: [types.i32, types.i32],
    code: [
      ...call(chain, get(start), get(end), get(caveats)),
      ...set(last, i32.add(i32.shl(get(caveats), i32.const(5)), i32.const(layout.tails))),
      ...ifThen(get(proof), [...copyPads(i32.const(layout.proofPads)), ...call(mac, get(last), i32.const(32))]),
      // All 256 bits at once: the time does not depend on where they differ.
      ...set(same, i32.isZero(v128.anyTrue(v128.or(v128.xor(low, claimedLow), v128.xor(high, claimedHigh))))),
      ...call(wipe, i32.const(layout.inner), i32.const(layout.hashEnd)),
      ...get(same),
    ],
  }
}

/** ends(…): the same, and nothing of any tail is left. */
export function ends({ follow, wipe }: Indices): Func {
  const given = [0, 1, 2, 3, 4].map(get)
  const end = i32.add(i32.shl(get(2), i32.const(5)), i32.const(layout.tails + 32))
  return {
    name: 'ends',
    params: given.map(() => types.i32),
    results: [types.i32],
    locals: [],
    code: [...call(follow, ...given), ...call(wipe, i32.const(layout.tails), end)],
  }
}

/** What `pads` made elsewhere, to where `mac` takes it from. */
function copyPads(from: Code): Code {
  return [0, 16, 32, 48].flatMap((offset) => v128.store(i32.const(0), v128.load(from, offset), layout.inner + offset))
}
