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
