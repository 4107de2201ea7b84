// What the dashboard's build makes of the contract's schemas of answers, held against the schemas.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import { checkAnswer } from '@hallpass/client/answers'
import { allRoutes, type Route } from '@hallpass/client/contract'

import { createForms } from '../packages/dashboard/build/answer-forms.ts'
import { createCheck } from '../packages/dashboard/src/api/check-answer.ts'

const { checkAnswer: check } = createCheck(createForms())
const all = Object.entries<Route>(allRoutes) as [keyof typeof allRoutes, Route][]

type JsonSchema = z.core.JSONSchema._JSONSchema

/** An answer that the schema takes, with everything in it that may be in it. */
function sample(schema: JsonSchema, defs: Readonly<Record<string, JsonSchema>>): unknown {
  if (typeof schema === 'boolean') return {}
  if (schema.$ref !== undefined) return sample(defs[schema.$ref.replace('#/$defs/', '')] ?? true, defs)
  if (schema.anyOf !== undefined) return sample(schema.anyOf[0] ?? true, defs)
  if (schema.enum !== undefined) return schema.enum[0]
  if (schema.format === 'date-time') return '2026-01-02T03:04:05.678Z'
  if (schema.format === 'uuid') return '11111111-1111-4111-8111-111111111111'
  switch ([schema.type].flat()[0]) {
    case 'string':
      return 'x'
    case 'boolean':
      return true
    case 'integer':
    case 'number':
      return 7
    case 'array':
      return [sample((schema.items as JsonSchema | undefined) ?? true, defs)]
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {}).map(([name, each]) => [name, sample(each, defs)]),
      )
  }
}

/** The same answer with one thing in it put wrong or right in another way, once for each. */
function* spoiled(value: unknown): Iterable<unknown> {
  yield* [undefined, null, '', 'x', 0, -1, 1.5, true, [], {}, [null], '2026-13-45T00:00:00Z', 'member']
  if (Array.isArray(value)) {
    for (const each of spoiled(value[0])) yield [each]
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, held] of Object.entries(value)) {
      for (const each of spoiled(held)) yield { ...value, [name]: each }
    }
  }
}

describe('the check of an answer', () => {
  it.each(all)('says of %s what the schemas say', (name, route) => {
    const { method, path, status, answer } = route
    const asked = { name, method, path, status }
    const { $defs = {}, ...schema } = answer === undefined ? {} : z.toJSONSchema(answer)
    const good = answer === undefined ? undefined : sample(schema, $defs)
    expect(check(asked, good)).toBeUndefined()
    expect(check({ ...asked, status: status === 200 ? 204 : 200 }, good)).toBeDefined()
    for (const each of spoiled(good)) {
      // As it comes out of JSON: what is undefined is not there.
      const said: unknown = each === undefined ? undefined : JSON.parse(JSON.stringify(each))
      const due = checkAnswer(asked, said) === undefined
      expect([check(asked, said) === undefined, said]).toEqual([due, said])
    }
  })
})
