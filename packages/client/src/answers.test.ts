import { describe, expect, it } from 'vitest'

import { answerForms, type Form } from './answer-forms.ts'
import { checkAnswer } from './answers.ts'
import { allRoutes, type Route } from './contract.ts'
import type { OperationName } from './contract/endpoints.ts'

const routes = (Object.entries(allRoutes) as [OperationName, Route][]).flatMap(([name, { answer, status }]) =>
  answer === undefined ? [] : [{ name, answer, status, form: answerForms.routes[name].form ?? {} }],
)

describe('an answer is checked by its form as by the schema that the form is made from', () => {
  it.each(routes)('$name', ({ name, answer, status, form }) => {
    const good = sample(form)
    expect(checkAnswer({ name, method: '', path: '', status }, good)).toBe(undefined)
    expect(answer.safeParse(good).success).toBe(true)
    const different: unknown[] = []
    for (const bad of mutationsOf(good)) {
      const isRight = checkAnswer({ name, method: '', path: '', status }, bad) === undefined
      if (isRight !== answer.safeParse(bad).success) different.push(bad)
    }
    expect(different).toEqual([])
  })
})

it('knows every word that the forms are written in', () => {
  const known = new Set([
    '$ref',
    'anyOf',
    'type',
    'enum',
    'pattern',
    'minimum',
    'maximum',
    'items',
    'properties',
    'required',
  ])
  const words = new Set<string>()
  const collect = (form: Form): void => {
    for (const word of Object.keys(form)) words.add(word)
    const { anyOf = [], items, properties = {}, additionalProperties } = form
    for (const each of [...anyOf, items, ...Object.values(properties), additionalProperties]) if (each) collect(each)
  }
  for (const form of [...Object.values(answerForms.named), ...routes.map((each) => each.form)]) collect(form)
  // Names are text: no form of the contract restricts them further.
  expect([...words].filter((word) => !known.has(word))).toEqual(['propertyNames', 'additionalProperties'])
  expect(JSON.stringify(answerForms).match(/"propertyNames":(?!\{"type":"string"\})/)).toBe(null)
})

it('says where an answer is wrong, and repeats nothing of it', () => {
  const check = (answer: unknown) =>
    checkAnswer({ name: 'listOrganisations', method: '', path: '', status: 200 }, answer)
  expect(check(undefined)).toBe('says nothing')
  expect(check([])).toBe('is of another form')
  expect(check({})).toBe('has no orgs')
  expect(check({ orgs: [null] })).toBe('has another form in orgs.0')
  expect(check({ orgs: [{ slug: 7 }] })).toMatch(/^has /)
  expect(checkAnswer({ name: 'signOut', method: '', path: '', status: 204 }, {})).toBe(
    'says something where nothing was due',
  )
  expect(checkAnswer({ name: 'signOut', method: '', path: '', status: 200 }, undefined)).toBe(
    'has the status 200, where 204 was due',
  )
})

/** A value of the form, with all that it may have. */
function sample(form: Form): unknown {
  if (form.$ref !== undefined) return sample(answerForms.named[form.$ref.slice('#/$defs/'.length)] ?? {})
  if (form.anyOf !== undefined) return sample(form.anyOf[0] ?? {})
  if (form.enum !== undefined) return form.enum[0]
  const [type = 'null'] = [form.type ?? []].flat()
  if (type === 'array') return [sample(form.items ?? {})]
  if (type === 'object') {
    return Object.fromEntries(Object.entries(form.properties ?? {}).map(([name, each]) => [name, sample(each)]))
  }
  if (type === 'string') return texts.find((text) => new RegExp(form.pattern ?? '').test(text))
  return { integer: 7, number: 7.5, boolean: true, null: null }[type]
}

const texts = ['text', '2026-01-02T03:04:05.000Z', '11111111-1111-4111-8111-111111111111']
const strangers: readonly unknown[] = [null, true, 'x', '', -1, 1.5, 2 ** 53, [], [null], {}, { constructor: 1 }]

/** The value with another in one place of it, for each place. */
function* mutationsOf(value: unknown): Generator {
  yield* strangers
  if (Array.isArray(value)) for (const other of mutationsOf(value[0])) yield [other]
  else if (typeof value === 'object' && value !== null) {
    yield { ...value, surplus: 1 }
    for (const [name, member] of Object.entries(value)) {
      const { [name]: _gone, ...rest } = value as Record<string, unknown>
      yield rest
      for (const other of mutationsOf(member)) yield { ...value, [name]: other }
    }
  }
}
