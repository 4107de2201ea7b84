/** IfPresent: caveats that count only where the access has to do with them. */

import { describeAction, allows } from '../action.ts'
import type { IfPresent } from '../caveat.ts'
import type { CaveatCodec, CaveatJson, Refusal } from '../codec.ts'
import { expectObject, type JsonValue } from '../json.ts'
import { expectMask, maskFromJson, maskToJson, readMask } from './mask.ts'

export const ifPresent: CaveatCodec<IfPresent> = {
  type: 'IfPresent',
  number: 13n,
  decode(reader, nested) {
    reader.expectArray(2, 'an IfPresent')
    return { type: 'IfPresent', ifs: reader.takeNil() ? null : nested(reader), else: readMask(reader) }
  },
  encode(writer, caveat, nested) {
    writer.writeArrayLength(2)
    if (caveat.ifs === null) writer.writeNil()
    else nested(writer, caveat.ifs)
    writer.writeUint(expectMask(caveat.else))
  },
  prohibits(caveat, access, nested) {
    if (caveat.ifs === null) return { kind: 'bad-caveat', reason: 'IfPresent holds no set of caveats' }
    const refusals: Refusal[] = []
    let relevant = false
    for (const inner of caveat.ifs) {
      // It has to do with no access, so it must not take the place of `else`.
      if (inner.type === 'RunLabel') continue
      const refusal = nested(inner, access)
      if (refusal?.kind === 'unspecified') continue
      relevant = true
      if (refusal !== undefined) refusals.push(refusal)
    }
    if (!relevant && !allows(caveat.else, access.action)) {
      return {
        kind: 'action',
        reason: `IfPresent allows ${describeAction(caveat.else)} on what it does not name, and this needs ${describeAction(access.action & ~caveat.else)}`,
      }
    }
    const [first] = refusals
    if (first === undefined) return undefined
    return { kind: first.kind, reason: `IfPresent: ${refusals.map((refusal) => refusal.reason).join('; ')}` }
  },
  unwrap: (caveat) => caveat.ifs ?? [],
}

export const ifPresentJson: CaveatJson<IfPresent> = {
  toJson: (caveat, nested) =>
    new Map<string, JsonValue>([
      ['ifs', caveat.ifs === null ? null : nested(caveat.ifs)],
      ['else', maskToJson(caveat.else)],
    ]),
  fromJson(value, path, nested) {
    const body = expectObject(value, path, ['ifs', 'else'])
    const ifs = body.get('ifs') ?? null
    return {
      type: 'IfPresent',
      ifs: ifs === null ? null : nested(ifs, `${path}.ifs`),
      else: maskFromJson(body.get('else'), `${path}.else`),
    }
  },
}
