// How the name server handles malformed questions.
import { expect, test } from 'vitest'

import { answerOf } from './name-server.ts'

function ask(name: string, type = 1): Buffer {
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]))
  const header = Buffer.from([0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, type, 0, 1])])
}

const find = (name: string): string[] => (name === 'web.internal' ? ['10.0.0.5', '10.0.0.6'] : [])

test('a name has its addresses, of another type none, and a strange name is not there', () => {
  const found = answerOf(ask('Web.Internal'), find)
  expect(found?.toString('hex').slice(0, 24)).toBe('abcd85000001000200000000')
  expect(found?.subarray(-4)).toEqual(Buffer.from([10, 0, 0, 6]))
  expect(answerOf(ask('web.internal', 28), find)?.toString('hex').slice(4, 16)).toBe('850000010000')
  expect(answerOf(ask('other'), find)?.toString('hex').slice(4, 16)).toBe('850300010000')
})

test('a malformed question has no answer', () => {
  const question = ask('web.internal')
  for (let length = 0; length < question.length; length += 1) {
    expect(answerOf(question.subarray(0, length), find)).toBeUndefined()
  }
  const reply = Buffer.from(question)
  reply.writeUInt8(0x81, 2)
  const pointer = Buffer.from(question)
  pointer.writeUInt8(0xc0, 12)
  for (const other of [reply, pointer, Buffer.alloc(600)]) expect(answerOf(other, find)).toBeUndefined()
})
