// The sentences about a body that does not fit the contract.
import { expect, test } from 'vitest'
import { z } from 'zod'

import { describeIssues } from './errors.ts'

function messageOf(schema: z.ZodType, input: unknown): string | undefined {
  const { error } = schema.safeParse(input)
  return error && describeIssues('the body', input, error).message
}

test('the values that a field takes are listed, without the empty one', () => {
  const schema = z.object({ policy: z.enum(['no', 'always', '']) })
  expect(messageOf(schema, { policy: 'sometimes' })).toBe('policy is none of no, always')
  expect(messageOf(schema, { policy: '' })).toBeUndefined()
})

test('a number that is much too large is said to be so once', () => {
  const schema = z.object({ size: z.number().int().min(1).max(500), other: z.number().int().min(1) })
  expect(messageOf(schema, { size: 1e308, other: -1e308 })).toBe(
    'size is too large: at most 500; other is too small: at least 1',
  )
})

test('each field has one problem, the one that says most, and texts are counted in characters', () => {
  const short = z.string().min(2).max(3)
  const schema = z.object({
    name: short.refine((text) => text.trim() !== '', { error: 'is blank' }),
    code: short,
    key: short,
  })
  expect(messageOf(schema, { name: '', code: 'abcd', key: 'a' })).toBe(
    'name is blank; code is too long: at most 3 characters; key is too short: at least 2 characters',
  )
})

test('a field that is not known is named beside what else is wrong with its object', () => {
  const schema = z.strictObject({ name: z.string().optional() }).refine(({ name }) => name !== undefined, 'is empty')
  expect(messageOf(schema, { nam: 1 })).toBe('the body has an unknown field: nam; the body is empty')
})

test('a format has the name that people give it', () => {
  const schema = z.object({ email: z.email(), issuer: z.url(), at: z.iso.datetime() })
  expect(messageOf(schema, { email: 'x@y', issuer: 'x', at: 'x' })).toBe(
    'email is not a valid email address; issuer is not a valid URL; at is not a valid time, as 2026-12-01T10:00:00Z',
  )
})
