import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { findAccess } from './match.ts'
import { readPath } from './path.ts'
import { parseRules, RulesError } from './rules.ts'

const access = { action: 'r', org_slug: 'acme' }
const rule = { methods: ['*'], path: '/**', access }
const parse = (...rules: readonly object[]) => parseRules(JSON.stringify({ rules }), () => undefined)
function find(rules: readonly object[], method: string, target: string, host?: string) {
  const path = readPath(target)
  return path && findAccess(parse(...rules), { method, host, path })
}

describe('rules', () => {
  const rules = [
    {
      hosts: ['api.example.com'],
      methods: ['GET', 'HEAD'],
      path: '/apps/{app}',
      access: { action: 'r', app_name: '{app}' },
    },
    {
      hosts: ['api.example.com', '*.apps.example.com'],
      methods: ['POST'],
      path: '/apps/{app}/machines/{id}/**',
      access: { action: 'wC', org_slug: 'acme', app_name: '{app}', machine_id: '{id}' },
    },
    { methods: ['GET'], path: '/', access: { action: 'r', org_slug: 'root' } },
    { methods: ['*'], path: '/files/*/raw', access: { action: 'r', org_slug: 'files' } },
  ]
  const host = 'api.example.com'

  test.each([
    ['GET', '/apps/web', host, { action: 'r', app_name: 'web' }],
    ['HEAD', '/apps/web/', host, { action: 'r', app_name: 'web' }],
    ['POST', '/apps/web/machines/1', host, { action: 'wC', org_slug: 'acme', app_name: 'web', machine_id: '1' }],
    [
      'POST',
      '/apps/a/machines/b/c/d',
      'x.apps.example.com',
      { action: 'wC', org_slug: 'acme', app_name: 'a', machine_id: 'b' },
    ],
    ['GET', '/', undefined, { action: 'r', org_slug: 'root' }],
    ['PUT', '/files/caf%C3%A9/raw', 'anything', { action: 'r', org_slug: 'files' }],
    ['POST', '/apps/web', host, undefined],
    ['GET', '/apps/web', undefined, undefined],
    ['GET', '/apps/web', 'other.example.com', undefined],
    ['GET', '/apps', host, undefined],
    ['GET', '/apps/web/x', host, undefined],
    ['POST', '/apps/a/machines', host, undefined],
    ['POST', '/apps/a/machines/b', 'apps.example.com', undefined],
    ['POST', '/apps/a/machines/b', 'x.y.apps.example.com', undefined],
    ['GET', '/Apps/web', host, undefined],
    ['GET', '/apps/a%40b', host, undefined],
  ])('%s %s at %s', (method, target, at, wanted) => {
    expect(find(rules, method, target, at)).toEqual(wanted)
  })

  test('the first that is about a request decides, and what is nearly the same is refused', () => {
    const two = [{ ...rule, path: '/admin/{id}', access: { action: 'w', machine_id: '{id}', app_name: 'web' } }, rule]
    expect(find(two, 'GET', '/admin/1')).toEqual({ action: 'w', machine_id: '1', app_name: 'web' })
    expect(find(two, 'GET', '/admins/1')).toEqual(access)
    for (const nearly of ['/ADMIN/1', '/Admin/1/', '/admin/a%40b', '/adm%C4%B1n/1', '/ad%C2%ADmin/1'])
      expect(find(two, 'GET', nearly)).toBeUndefined()
    const pass = { ...rule, path: '/pass', access: { action: 'w', app_name: 'web' } }
    expect(
      find([pass, { ...rule, path: '/*', access: { action: 'r', app_name: 'web' } }], 'GET', '/pa%C3%9F'),
    ).toBeUndefined()
  })
})

describe('is no list of rules', () => {
  test.each([
    ['', 'is not JSON'],
    ['{"rules":[],"rules":[]}', 'twice'],
    ['[]', 'no object'],
    ['{}', 'rules is no list'],
    ['{"rules":[]}', 'no rule'],
    ['{"rules":[{}],"more":1}', 'not known'],
    [`{"rules":${JSON.stringify(Array.from({ length: 1001 }, () => rule))}}`, 'more than 1000'],
    [' '.repeat(300_000), 'characters'],
  ])('%.40s', (text, word) => {
    const attempt = () => parseRules(text, () => undefined)
    expect(attempt).toThrow(RulesError)
    expect(attempt).toThrow(word)
  })

  test.each([
    [{ ...rule, host: 'a' }, 'not known'],
    [{ ...rule, hosts: [] }, 'hosts is empty'],
    [{ ...rule, hosts: ['A.example.com'] }, 'lower case'],
    [{ ...rule, hosts: ['a.example.com:80'] }, 'without a port'],
    [{ ...rule, hosts: ['*'] }, 'hosts'],
    [{ ...rule, hosts: ['a.*.com'] }, 'hosts'],
    [{ ...rule, hosts: 'a' }, 'no list'],
    [{ ...rule, methods: undefined }, 'methods is no list'],
    [{ ...rule, methods: ['get'] }, 'capitals'],
    [{ ...rule, methods: ['*', 'GET'] }, 'alone'],
    [{ ...rule, path: 'apps' }, 'begins with /'],
    [{ ...rule, path: '/apps/' }, 'does not end with it'],
    [{ ...rule, path: '//' }, 'path'],
    [{ ...rule, path: '/..' }, 'path'],
    [{ ...rule, path: '/a.' }, 'path'],
    [{ ...rule, hosts: [`${'a'.repeat(250)}.com`] }, 'hosts'],
    [{ ...rule, path: '/**/a' }, 'path'],
    [{ ...rule, path: '/a*' }, 'path'],
    [{ ...rule, path: '/%41' }, 'path'],
    [{ ...rule, path: '/{a}/{a}', access: { action: 'r', app_name: '{a}' } }, 'that differ'],
    [{ ...rule, path: '/{a}' }, 'no field of the access is {a}'],
    [{ ...rule, access: { ...access, app_name: '{a}' } }, 'does not have'],
    [{ ...rule, path: '/{a}', access: { action: 'r', app_name: 'x-{a}' } }, 'alone'],
    [{ ...rule, access: { org_slug: 'acme' } }, 'access.action'],
    [{ ...rule, access: { action: '', org_slug: 'acme' } }, 'access.action'],
    [{ ...rule, access: { ...access, source_address: '10.0.0.1' } }, 'not known'],
    [{ ...rule, path: `/${'a/'.repeat(31)}a` }, 'more than 30'],
  ])('%j', (spoiled, word) => {
    expect(() => parse(rule, spoiled)).toThrow(RulesError)
    expect(() => parse(rule, spoiled)).toThrow(word)
    expect(() => parse(rule, spoiled)).toThrow('rule 2')
  })

  test('where an access is none', () => {
    const check = (asked: object) => ('app_name' in asked ? `app_name is ${String(asked.app_name)}` : undefined)
    const text = JSON.stringify({ rules: [{ ...rule, path: '/{a}', access: { action: 'r', app_name: '{a}' } }] })
    expect(() => parseRules(text, check)).toThrow('rule 1: access: app_name is x')
  })
})

const named = (path: string) => ({ ...rule, path })

test.each([
  [named('/**'), named('/admin')],
  [named('/*'), { ...named('/{a}'), access: { action: 'r', app_name: '{a}' } }],
  [named('/a/**'), named('/A/b')],
  [named('/a/**'), named('/a/*/**')],
  [rule, { ...rule, hosts: ['a.com'], methods: ['GET'] }],
  [
    { ...rule, hosts: ['*.a.com', 'a.com'] },
    { ...rule, hosts: ['a.com', 'x.a.com'] },
  ],
])('a rule to which no request comes is a mistake: %j before %j', (first, second) => {
  expect(() => parse({ ...rule, path: '/other' }, first, second)).toThrow('rule 3: no request comes to it: rule 2 ')
})

test.each([
  [named('/a'), named('/**')],
  [named('/a'), named('/*')],
  [named('/a/**'), named('/*/b')],
  [named('/a'), named('/a/**')],
  [{ ...rule, methods: ['GET'] }, rule],
  [
    { ...rule, hosts: ['*.a.com'] },
    { ...rule, hosts: ['a.com'] },
  ],
  [{ ...rule, hosts: ['a.com'] }, rule],
])('one that is wider, or of something else, is none: %j before %j', (first, second) => {
  expect(parse(first, second)).toHaveLength(2)
})

// Names with every kind of letter, of which some differ in case alone.
const word = fc.constantFrom('a', 'A', 'b', 'apps', 'Apps', 'web-1', 'x.y', '@')
const pattern = fc
  .tuple(fc.array(fc.oneof(word, fc.constantFrom('*', '{one}')), { maxLength: 4 }), fc.boolean())
  .map(([parts, isOpen]) => {
    const once = parts.map((part, at) => (part === '{one}' && parts.indexOf(part) < at ? '*' : part))
    return `/${[...once, ...(isOpen ? ['**'] : [])].join('/')}`
  })

/** The same as one regular expression. */
function toExpression(path: string): RegExp {
  const source = path
    .replace(/\/\*\*$/, '~open~')
    .replaceAll(/[.+?^$()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*|\{one\}/g, '[^/]+')
    .replace('~open~', '(?:/.*)?')
  return new RegExp(`^${source === '/' ? '' : source}/?$`)
}

test('a path is matched as by an expression', () => {
  let matched = 0
  fc.assert(
    fc.property(pattern, fc.array(word, { maxLength: 5 }), (path, words) => {
      const target = `/${words.join('/')}`
      const fields = path.includes('{one}') ? { action: 'r', app_name: '{one}' } : access
      const found = find([{ ...rule, path, access: fields }], 'GET', target)
      const isMatch = toExpression(path).test(target)
      expect(found !== undefined).toBe(isMatch)
      if (isMatch) matched += 1
    }),
    { numRuns: 3000 },
  )
  expect(matched).toBeGreaterThan(100)
})

test('no request comes to a rule that is a mistake for that', () => {
  const hosts = fc.subarray(['a.com', 'x.a.com', '*.a.com'], { minLength: 1 })
  const methods = fc.oneof(fc.constant(['*']), fc.subarray(['GET', 'PUT'], { minLength: 1 }))
  const fieldsOf = (path: string) => (path.includes('{one}') ? { action: 'r', app_name: '{one}' } : access)
  const some = fc
    .record({ hosts: fc.option(hosts, { nil: undefined }), methods, path: pattern })
    .map((each) => ({ ...each, access: fieldsOf(each.path) }))
  const request = fc.record({
    method: fc.constantFrom('GET', 'PUT', 'HEAD'),
    host: fc.constantFrom('a.com', 'x.a.com', 'y.a.com', 'b.com', undefined),
    words: fc.array(word, { maxLength: 5 }),
  })
  const loose = { ...rule, access: { action: 'd', org_slug: 'loose' } }
  let mistakes = 0
  fc.assert(
    fc.property(some, some, fc.array(request, { minLength: 20, maxLength: 20 }), (first, second, requests) => {
      const isMistake = (() => {
        try {
          return parse(first, second).length === 0
        } catch {
          return true
        }
      })()
      if (!isMistake) return
      mistakes += 1
      for (const { method, host, words } of requests) {
        const target = `/${words.join('/')}`
        if (find([second], method, target, host) === undefined) continue
        // It is refused, or takes the access of the first rule.
        if (first.path !== '/**') expect(find([first, loose], method, target, host)?.action).not.toBe('d')
      }
    }),
    { numRuns: 3000 },
  )
  expect(mistakes).toBeGreaterThan(100)
})

test('no spelling of a path that a rule is about comes to a later rule', () => {
  const strict = { ...rule, path: '/admin/{id}/keys', access: { action: 'w', app_name: '{id}' } }
  const spoil = fc.record({
    at: fc.nat(20),
    put: fc.constantFrom(
      '/',
      '/.',
      '/./',
      '/../',
      '//',
      ';x',
      '%2f',
      '%2e',
      '%5c',
      '\\',
      '%00',
      '%20',
      '',
      '%c2%a0',
      '.',
    ),
    turn: fc.constantFrom('none', 'case', 'encode', 'twice'),
  })
  fc.assert(
    fc.property(fc.array(spoil, { minLength: 1, maxLength: 3 }), (spoils) => {
      let target = '/admin/web/keys'
      for (const { at, put, turn } of spoils) {
        const place = 1 + (at % (target.length - 1))
        const letter = target[place] ?? ''
        const code = `%${letter.charCodeAt(0).toString(16)}`
        const turned = { none: letter, case: letter.toUpperCase(), encode: code, twice: code.replace('%', '%25') }[turn]
        target = target.slice(0, place) + turned + put + target.slice(place + 1)
      }
      const found = find([strict, rule], 'GET', target)
      if (found === undefined) return
      // What any program could take for it: decoded, without parameters and what stands at the ends of names, in any case.
      const { pathname } = new URL(`http://a${decodeURIComponent(target).replaceAll(/[/\\]+/g, '/')}`)
      const names = pathname.split('/').map((name) =>
        decodeURIComponent(name)
          .replace(/;.*/, '')
          .replace(/[\s.]+$/, ''),
      )
      if (/^\/admin\/[^/]+\/keys\/?$/i.test(names.join('/'))) expect(found.action).toBe('w')
    }),
    { numRuns: 5000 },
  )
})
