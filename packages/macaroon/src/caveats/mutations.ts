/** Mutations: only these mutations of the GraphQL door. */

import type { Mutations } from '../caveat.ts'
import type { CaveatCodec, CaveatJson } from '../codec.ts'
import { expectObject, quoteShortly } from '../json.ts'
import { readTexts, textsFromJson, writeTexts } from './texts.ts'

export const mutations: CaveatCodec<Mutations> = {
  type: 'Mutations',
  number: 6n,
  decode(reader) {
    reader.expectArray(1, 'a Mutations')
    return { type: 'Mutations', mutations: readTexts(reader) }
  },
  encode(writer, caveat) {
    writer.writeArrayLength(1)
    writeTexts(writer, caveat.mutations)
  },
  prohibits(caveat, access) {
    const list = (caveat.mutations ?? []).slice(0, 10).map(quoteShortly).join(', ')
    const allowed = list === '' ? 'no GraphQL mutation at all' : `only the GraphQL mutations ${list}`
    if (access.mutation === undefined) {
      return { kind: 'unspecified', reason: `Mutations allows ${allowed}, and this is no mutation` }
    }
    if (caveat.mutations?.includes(access.mutation) === true) return undefined
    return { kind: 'resource', reason: `Mutations allows ${allowed}, and this is ${quoteShortly(access.mutation)}` }
  },
}

export const mutationsJson: CaveatJson<Mutations> = {
  toJson: (caveat) => new Map([['mutations', caveat.mutations]]),
  fromJson(value, path) {
    const body = expectObject(value, path, ['mutations'])
    return { type: 'Mutations', mutations: textsFromJson(body.get('mutations'), `${path}.mutations`) }
  },
}
