/** RunLabel: who uses a token, in which run, on behalf of whom. A note of ours, which Go does not know; it forbids nothing. */

import type { RunLabel } from '../caveat.ts'
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import { MacaroonError } from '../errors.ts'
import { expectObject, expectString, jsonError } from '../json.ts'
import { whatIsWrong } from '../label-words.ts'

export const runLabel: CaveatCodec<RunLabel> = {
  type: 'RunLabel',
  // In the range that Go's library leaves to its users, whose numbers mostly begin at 2^48. The last four bytes spell "hall".
  number: 0x1_0000_6861_6c6cn,
  decode(reader) {
    const start = reader.offset
    reader.expectArray(3, 'a RunLabel')
    const label = { agent: reader.readString(), run: reader.readString(), onBehalfOf: reader.readString() }
    const wrong = whatIsWrong(label)
    if (wrong !== undefined) throw new MacaroonError('malformed', `Byte ${start}: a RunLabel ${wrong}`)
    return { type: 'RunLabel', ...label }
  },
  encode(writer, label) {
    const wrong = whatIsWrong(label)
    if (wrong !== undefined) throw new MacaroonError('bad-caveat', wrong)
    writer.writeArrayLength(3)
    writer.writeString(label.agent)
    writer.writeString(label.run)
    writer.writeString(label.onBehalfOf)
  },
  prohibits: () => undefined,
  prohibitsDischarge: () => undefined,
}

export const runLabelJson: CaveatJson<RunLabel> = {
  toJson: ({ agent, run, onBehalfOf }) =>
    new Map([['agent', agent] as const, ['run', run] as const, ['on_behalf_of', onBehalfOf] as const].filter(isSaid)),
  fromJson(value, path) {
    const body = expectObject(value, path, [], ['agent', 'run', 'on_behalf_of'])
    const text = (field: string) => (body.has(field) ? expectString(body.get(field), `${path}.${field}`) : '')
    const label = { agent: text('agent'), run: text('run'), onBehalfOf: text('on_behalf_of') }
    const wrong = whatIsWrong(label)
    if (wrong !== undefined) throw jsonError(path, wrong)
    return { type: 'RunLabel', ...label }
  },
}

function isSaid([, text]: readonly [string, string]): boolean {
  return text !== ''
}
