/** RunLabel: who uses a token, in which run, on behalf of whom. A note of ours, which Go does not know; it forbids nothing. */

import { expectFields, expectText } from '../boundary.ts'
import type { RunLabel } from '../caveat.ts'
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import { MacaroonError } from '../errors.ts'
import { expectObject, expectString, jsonError } from '../json.ts'

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

/** The texts of a label; what is left out says nothing. */
export type LabelWords = { readonly [Field in 'agent' | 'run' | 'onBehalfOf']?: string | undefined }

/** All three of them. Throws `bad-argument`. */
export function takeLabel(value: LabelWords, name: string): Omit<RunLabel, 'type'> {
  const { agent = '', run = '', onBehalfOf = '' } = expectFields(value, name)
  return {
    agent: expectText(agent, `${name}.agent`),
    run: expectText(run, `${name}.run`),
    onBehalfOf: expectText(onBehalfOf, `${name}.onBehalfOf`),
  }
}

/** Of each text, in characters. */
const longest = 128

/** What is wrong with the texts; undefined where nothing is. They are shown to people, so each is one line of what can be seen. */
export function whatIsWrong({ agent, run, onBehalfOf }: Omit<RunLabel, 'type'>): string | undefined {
  const texts = [agent, run, onBehalfOf]
  if (texts.every((text) => text === '')) return 'names no agent, no run and nobody on whose behalf it is'
  if (texts.some((text) => text.length > longest && Array.from(text).length > longest)) {
    return `has a text of more than ${longest} characters`
  }
  if (texts.some((text) => /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u.test(text))) return 'has a character that cannot be seen'
  return texts.some((text) => text !== text.trim()) ? 'has a text with a space at an end' : undefined
}

function isSaid([, text]: readonly [string, string]): boolean {
  return text !== ''
}
