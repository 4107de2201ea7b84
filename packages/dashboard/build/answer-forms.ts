// A vite plugin: the contract's schemas of answers as short data, since the schemas themselves would take 46 KB of the page, gzipped.
import { allRoutes, type Route } from '@hallpass/client/contract'
import type { Plugin } from 'vite'
import { z } from 'zod'

import type { AnswerForms, Form } from '../src/api/check-answer.ts'

export function answerForms(): Plugin {
  const name = 'virtual:answer-forms'
  return {
    name: 'hallpass-answer-forms',
    resolveId: (source) => (source === name ? `\0${name}` : undefined),
    load: (id) => (id === `\0${name}` ? `export default ${JSON.stringify(createForms())}` : undefined),
  }
}

/** The forms of all answers of the contract. */
export function createForms(): AnswerForms {
  const all = Object.entries<Route>(allRoutes)
  const { prefixItems = [], $defs = {} } = z.toJSONSchema(
    z.tuple([z.null(), ...all.map(([, each]) => each.answer ?? z.null())]),
  )
  const forms = prefixItems.slice(1).map(formOf)
  return {
    named: Object.fromEntries(Object.entries($defs).map(([name, schema]) => [name, formOf(schema)])),
    routes: Object.fromEntries(
      all.map(([name, { status, answer }], index) => [
        name,
        answer === undefined ? [status] : [status, forms[index] ?? 'any'],
      ]),
    ),
  }
}

type JsonSchema = z.core.JSONSchema._JSONSchema

/** @throws Error where a schema says what no form can */
function formOf(schema: JsonSchema): Form {
  if (typeof schema === 'boolean') return schema ? 'any' : { '=': [] }
  const { $ref, anyOf, enum: values, type, properties, required = [], items, format, ...rest } = schema
  const unknown = Object.keys(rest).filter((word) => !ignored.has(word))
  if (unknown.length > 0) throw new Error(`an answer of the contract says ${unknown.join(', ')}, which has no form`)
  if ($ref !== undefined) return `#${$ref.replace('#/$defs/', '')}`
  if (anyOf !== undefined) return { '|': anyOf.map(formOf) }
  if (values !== undefined) return { '=': values }
  if (Array.isArray(type)) return { '|': type.map((each) => formOf({ ...schema, type: each })) }
  if (type === 'array') return [formOf((items as JsonSchema | undefined) ?? true)]
  if (properties === undefined) return (type === 'string' ? format : undefined) ?? (type as string | undefined) ?? 'any'
  return Object.fromEntries(
    Object.entries(properties).map(([name, each]) => [required.includes(name) ? name : `${name}?`, formOf(each)]),
  )
}

/** What is for readers, what the format says too, and what JSON numbers have anyway. */
const ignored = new Set([
  'id',
  'description',
  'default',
  'pattern',
  'minimum',
  'maximum',
  'propertyNames',
  'additionalProperties',
])
