// A vite plugin: of the contract only the routes that the pages call, and their schemas of answers as short data. The schemas
// themselves would take 46 KB of the page, gzipped.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { allRoutes, type Route } from '@hallpass/client/contract'
import type { Plugin } from 'vite'
import { z } from 'zod'

import type { AnswerForms, Form } from '../src/api/check-answer.ts'

export function answerForms(): Plugin {
  const name = 'virtual:answer-forms'
  return {
    name: 'hallpass-answer-forms',
    resolveId: (source) => (source === name ? `\0${name}` : undefined),
    load(id) {
      if (id === `\0${name}`) return `export default ${JSON.stringify(createForms(namesInPages()))}`
      if (!id.endsWith('/client/src/contract/endpoints.ts')) return undefined
      const named = namesInPages()
      const called = Object.entries<Route>(allRoutes).filter(([route]) => named.has(route))
      const endpoints = called.map(([route, { method, path }]) => [route, `${method} ${path}`])
      return `export const endpoints = ${JSON.stringify(Object.fromEntries(endpoints))}`
    },
  }
}

/** The forms of the answers of these routes. */
export function createForms(wanted: ReadonlySet<string> = new Set(Object.keys(allRoutes))): AnswerForms {
  const all = Object.entries<Route>(allRoutes).filter(([name]) => wanted.has(name))
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

/** Every word in the source of the pages: no page calls a route without its name. */
function namesInPages(): ReadonlySet<string> {
  const folder = join(import.meta.dirname, '../src')
  const files = globSync('**/*.{ts,tsx}', { cwd: folder }).filter((file) => !file.includes('.test.'))
  return new Set(files.flatMap((file) => readFileSync(join(folder, file), 'utf8').match(/\w+/g) ?? []))
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

/** Keywords for readers, or that repeat the format, or that all JSON numbers meet. */
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
