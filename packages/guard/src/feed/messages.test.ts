// The stream of the feed, cut, changed, repeated and reordered.
import { createHash, createHmac } from 'node:crypto'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { FeedError } from './feed-error.ts'
import { MessageReader, proofKey, type FeedMessage } from './messages.ts'

const credential = `fv1_${'a'.repeat(43)}`
const nonce = 'n'.repeat(22)

const contentOf = fc.record(
  {
    tokens: fc.array(fc.uuid(), { minLength: 1, maxLength: 5 }),
    organizations: fc.array(fc.nat().map(String), { minLength: 1, maxLength: 3 }),
    people: fc.array(fc.nat().map(String), { minLength: 1, maxLength: 3 }),
    reset: fc.constant(true),
    as_of: fc.nat(),
    revoked: fc.nat(5),
  },
  { requiredKeys: [] },
)
/** No more are revoked than are named. */
const content = contentOf.map(({ revoked, ...said }) =>
  revoked === undefined ? said : { ...said, revoked: Math.min(revoked, said.tokens?.length ?? 0) },
)

/** As the authority writes it. */
function write(contents: readonly object[]): string[] {
  const key = createHmac('sha256', createHash('sha256').update(credential).digest()).update(`feed ${nonce}`).digest()
  return contents.map((said, at) => {
    const [id, data] = [`${at + 1}.mx38iqql`, JSON.stringify(said)]
    const mac = createHmac('sha256', key).update(`${at}\n${id}\n${data}`).digest('base64url')
    return `id: ${id}\nmac: ${mac}\ndata: ${data}\n\n`
  })
}

/** What was read, up to what is wrong. */
function read(bytes: Uint8Array, cuts: readonly number[] = []): { messages: FeedMessage[]; error: unknown } {
  const reader = new MessageReader(proofKey(credential, nonce))
  const messages: FeedMessage[] = []
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((one, other) => one - other), bytes.length]
  try {
    for (const [i, from] of places.entries()) {
      for (const message of reader.read(bytes.subarray(from, places[i + 1] ?? from))) messages.push(message)
    }
  } catch (error) {
    return { messages, error }
  }
  return { messages, error: undefined }
}

const encode = (texts: readonly string[]) => new TextEncoder().encode(texts.join(''))

describe('messages of the feed', () => {
  test('are read in whatever pieces they come', () => {
    fc.assert(
      fc.property(fc.array(content, { maxLength: 6 }), fc.array(fc.nat(), { maxLength: 10 }), (contents, cuts) => {
        const { messages, error } = read(encode(write(contents)), cuts)
        expect(error).toBeUndefined()
        expect(messages).toEqual(
          contents.map((said, at) => ({
            after: `${at + 1}.mx38iqql`,
            event: at + 1,
            isReset: said.reset === true,
            subjects: [
              ...(said.tokens ?? []).map((id) => `token ${id}`),
              ...(said.organizations ?? []).map((id) => `organization ${id}`),
              ...(said.people ?? []).map((id) => `person ${id}`),
            ],
            revoked: (said.tokens ?? []).slice(0, 'revoked' in said ? said.revoked : 0).map((id) => `token ${id}`),
            asOf: said.as_of,
          })),
        )
      }),
    )
  })

  test('say nothing with any byte changed', () => {
    fc.assert(
      fc.property(
        fc.array(content, { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (contents, place, by) => {
          const texts = write(contents)
          const bytes = encode(texts)
          const at = place % bytes.length
          bytes[at] = (bytes[at] ?? 0) ^ by
          const whole = texts.findIndex((_text, i) => texts.slice(0, i + 1).join('').length > at)
          const { messages } = read(bytes)
          // What only separates fields may be written in another way, and means the same.
          const same = read(encode(texts)).messages
          if (messages.length > whole) expect(messages).toHaveLength(same.length)
          expect(messages).toEqual(same.slice(0, messages.length))
        },
      ),
    )
  })

  test.each([
    ['repeated', (texts: string[]) => [texts[0] ?? '', ...texts]],
    ['in another order', (texts: string[]) => texts.toReversed()],
    ['incomplete', (texts: string[]) => texts.filter((_text, at) => at !== 1)],
  ])('are found out where they are %s', (_how, change) => {
    const texts = write([{ as_of: 1 }, { tokens: ['a'] }, { as_of: 2 }])
    const { error } = read(encode(change(texts)))
    expect(error).toBeInstanceOf(FeedError)
    expect(error).toMatchObject({ code: 'broken' })
  })

  test('are not those of another stream, nor of another verifier', () => {
    const bytes = encode(write([{ as_of: 1 }]))
    for (const key of [proofKey(credential, 'm'.repeat(22)), proofKey(`${credential}b`, nonce)]) {
      expect(() => [...new MessageReader(key).read(bytes)]).toThrow('not proven')
    }
  })

  test('are refused where one does not end', () => {
    const reader = new MessageReader(proofKey(credential, nonce))
    const piece = new Uint8Array(65_536).fill(0x61)
    expect(() => {
      for (let i = 0; i < 5; i += 1) expect([...reader.read(piece)]).toEqual([])
    }).toThrow('too long')
  })

  test('are refused where they are no UTF-8, or name what is no text', () => {
    expect(read(Uint8Array.of(0xff)).error).toMatchObject({ code: 'broken' })
    for (const said of [
      { tokens: [1] },
      { tokens: ['a'], revoked: 2 },
      { revoked: -1 },
      { revoked: '0' },
      { apps: 'all' },
      null,
      [],
      7,
    ]) {
      expect(read(encode(write([said as object]))).error).toMatchObject({ code: 'broken' })
    }
  })
})
