import { routes, type Route } from '@hallpass/client/contract'
import { describe, expect, it } from 'vitest'

import { describeApi } from './openapi.ts'

function collect(value: unknown, key: string, found: unknown[] = []): unknown[] {
  if (typeof value !== 'object' || value === null) return found
  for (const [name, part] of Object.entries(value)) {
    if (name === key) found.push(part)
    collect(part, key, found)
  }
  return found
}

describe('the OpenAPI document', () => {
  const document = JSON.parse(JSON.stringify(describeApi('http://127.0.0.1:4280')))

  it('describes every route, and each operation once', () => {
    const described = Object.values(document.paths).flatMap((path) => collect(path, 'operationId'))
    expect(new Set(described)).toEqual(new Set(Object.values<Route>(routes).map((route) => route.operationId)))
    expect(described).toHaveLength(Object.keys(routes).length)
  })

  it('has one spelling of what people read', () => {
    const words = ['summary', 'description'].flatMap((key) => collect(document, key))
    expect(words.length).toBeGreaterThan(50)
    expect(words.filter((text) => /organisation/i.test(String(text)))).toEqual([])
  })

  it('has no dangling references', () => {
    const references = collect(document, '$ref')
    expect(references.length).toBeGreaterThan(10)
    for (const reference of references) {
      const [, name = ''] = /^#\/components\/schemas\/(\w+)$/.exec(String(reference)) ?? []
      expect(document.components.schemas, String(reference)).toHaveProperty(name)
    }
  })

  it('lists the fields of a token, and the required fields of a request', () => {
    expect(Object.keys(document.components.schemas.Token.properties)).toContain('id')
    const { requestBody } = document.paths['/v1/orgs'].post
    expect(requestBody.content['application/json'].schema).toMatchObject({
      required: ['name'],
      additionalProperties: false,
    })
    const limit = document.paths['/v1/orgs/{org_slug}/tokens'].get.parameters.find(
      (parameter: { name: string }) => parameter.name === 'limit',
    )
    expect(limit).toMatchObject({ in: 'query', required: false })
    expect(document.paths['/v1/sessions'].post.security).toEqual([])
  })
})
