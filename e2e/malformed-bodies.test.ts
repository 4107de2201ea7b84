// Bodies that are not as the contract has them: each is refused, with the field and what was wrong, and none breaks anything.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { routes, type Route, type RouteName } from '@hallpass/client/contract'

import { askRoute, endTarget, expectNo, startTarget, type Target } from './attack.ts'
import { expectRefusal } from './http.ts'
import { examples } from './matrix-requests.ts'

let target: Target
beforeAll(async () => {
  target = await startTarget()
})
afterAll(() => endTarget(target))

const withBody = Object.keys(examples) as RouteName[]

const bodyOf = (name: RouteName): Route['body'] => (routes[name] as Route).body

function fieldsOf(name: RouteName): readonly string[] {
  const { body }: Route = routes[name]
  if (body === undefined) return []
  const { properties = {} } = z.toJSONSchema(body, { io: 'input', unrepresentable: 'any' })
  return Object.keys(properties)
}

test('there is a body for every route that needs one', () => {
  const takers = Object.entries<Route>(routes).filter(([, { body }]) => body?.safeParse(undefined).success === false)
  const needing = withBody.filter((name) => bodyOf(name)?.safeParse(undefined).success === false)
  expect(takers.map(([name]) => name).sort()).toEqual(needing.sort())
})

const wrongTypes = [null, true, false, [], ['a'], {}, { a: 1 }, [[[]]]] as const
const booleans = new Set(['tokens_may_mint', 'only_admins_mint', 'approval'])
const lists = new Set(['caveats', 'end_passkeys', 'networks', 'headers', 'names'])
const nullable = new Set(['max_token_lifetime', 'default_token_lifetime'])
const strangeTexts = [
  '\0',
  'a\0b',
  '\ud800',
  'a\udfffb',
  '\u202e',
  '',
  ' ',
  '\n',
  '../../etc/passwd',
  "'; drop table users; --",
  '{"$gt":""}',
  'x'.repeat(300),
  'é'.repeat(2000),
  '٣h',
  '-5h',
  '1e9h',
  '99999999999h',
  '0s',
  '1',
  '5 h',
  '1h'.repeat(5000),
] as const

const all = Object.entries(examples) as [RouteName, object][]
// Bodies about machines take null for what is not set, and keep what they do not know, as Go's clients need it.
const strict = all.filter(([name]) => routes[name].tag !== 'machines')

describe.each(strict)('the fields of %s', (name, good) => {
  const token = (): string => target.admin.token

  test('each field of a wrong type is refused by name', async () => {
    for (const field of fieldsOf(name)) {
      const numbers = field === 'expiry' ? [] : [0, -1, 1.5, 1e308]
      for (const value of [...wrongTypes, ...numbers]) {
        // These are right.
        if (typeof value === 'boolean' && booleans.has(field)) continue
        if (value === null && nullable.has(field)) continue
        if (Array.isArray(value) && value.length === 0 && lists.has(field)) continue
        const context = `${field}: ${JSON.stringify(value)}`
        const answer = await askRoute(target, name, { token: token(), body: { ...good, [field]: value } })
        expectNo(answer, context)
        const error = expectRefusal(answer, 400)
        expect(error.message, context).toContain(field)
        // It is there, and of another type.
        expect(error.message.split('; '), context).not.toContain(`${field} is missing`)
        expect(error.field, context).toContain(field)
      }
    }
  })

  test('what is missing is said to be so', async () => {
    for (const field of fieldsOf(name)) {
      const { [field]: _, ...rest } = good as Readonly<Record<string, unknown>>
      const answer = await askRoute(target, name, { token: token(), body: rest })
      if (answer.status !== 400) continue
      const error = expectRefusal(answer, 400)
      expect(error.message).toMatch(/missing|or an invitation|is none of/)
    }
  })

  test('strange text in a field is refused by name, or is a name like any other', async () => {
    for (const field of fieldsOf(name)) {
      for (const value of strangeTexts) {
        const context = `${field}: ${JSON.stringify(value.slice(0, 40))}`
        const answer = await askRoute(target, name, { token: token(), body: { ...good, [field]: value } })
        if (answer.status < 300) continue
        expectNo(answer, context)
        if (answer.status === 400) expect(expectRefusal(answer, 400).message, context).toContain(field)
      }
    }
  })
})

describe.each(all)('%s', (name, good) => {
  const token = (): string => target.admin.token

  test('what is no object is refused', async () => {
    for (const body of [null, 0, 1, 'text', true, [], [good], [[[[]]]]]) {
      const answer = await askRoute(target, name, { token: token(), body })
      expectNo(answer, JSON.stringify(body))
      if (body === null && bodyOf(name)?.safeParse(null).success === true) continue
      const { message } = expectRefusal(answer, 400)
      expect(message, JSON.stringify(body)).toMatch(body === null ? /^the body/ : /^the body is not of type object/)
    }
  })

  test('what is no JSON is refused', async () => {
    const bodies = [
      '',
      ' ',
      '{',
      '{"email":',
      '{"name":"a",}',
      "{'name':'a'}",
      'NaN',
      '{"name":01}',
      '\ufeff{}',
      '\0',
      '[',
      '['.repeat(30_000),
      '['.repeat(30_000) + ']'.repeat(30_000),
      '"\\ud800"',
    ]
    for (const text of bodies) {
      const answer = await askRoute(target, name, { token: token(), text })
      expectNo(answer, JSON.stringify(text.slice(0, 40)))
      // Nothing is no body, where none is needed.
      if (text === '' && bodyOf(name)?.safeParse(undefined).success === true) continue
      // Of what needs no credential, the long ones are too long.
      expect(answer.status).toBe(text.length > 8192 && !routes[name].authenticated ? 413 : 400)
    }
    // Good JSON that is deep, or not UTF-8: refused, or ignored where what is not known is ignored.
    const deep = '{"a":'.repeat(10_000) + '1' + '}'.repeat(10_000)
    expect((await askRoute(target, name, { token: token(), text: deep })).status).toBeLessThan(500)
    const bytes = Uint8Array.from([0x7b, 0x22, 0xff, 0xfe, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d])
    expect((await askRoute(target, name, { token: token(), text: bytes })).status).toBeLessThan(500)
  })

  test('a field that is there twice is refused by name, however it is written', async () => {
    for (const [field, value] of Object.entries(good)) {
      const escaped = field.replace(/^./, (first) => `\\u00${first.charCodeAt(0).toString(16)}`)
      for (const spelled of [field, escaped]) {
        const text = `${JSON.stringify(good).slice(0, -1)},"${spelled}":${JSON.stringify(value)}}`
        const answer = await askRoute(target, name, { token: token(), text })
        expectNo(answer, text)
        expect(expectRefusal(answer, 400)).toMatchObject({ field, message: expect.stringContaining('twice') as string })
      }
    }
  })

  test('a field whose name has a quotation mark, a backslash or a control character is refused', async () => {
    for (const field of ['\\', '"', 'a\n', 'role\\', '\u0000']) {
      const text = `${JSON.stringify(good).slice(0, -1)},${JSON.stringify(field)}:1}`
      const answer = await askRoute(target, name, { token: token(), text })
      expect(expectRefusal(answer, 400).message).toContain('in its name')
    }
  })

  test('a body past its limit is too large', async () => {
    const { bodyLimit: most = 65_536 }: Route = routes[name]
    for (const length of [most, most + 4464, most * 3]) {
      const answer = await askRoute(target, name, {
        token: token(),
        text: JSON.stringify({ name: 'x'.repeat(length) }),
      })
      expectNo(answer, String(length))
      expect(expectRefusal(answer, 413)).toMatchObject({
        code: 'too_large',
        message: expect.stringMatching(/at most (1024|64|8) KiB/),
      })
    }
  })

  test('a body with more in it than anybody asks for is refused before it is read', async () => {
    const fields = (count: number) =>
      JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, at) => [at, 1])))
    // Of what needs no credential, the long ones are too long, and few fields are too many.
    const needsCredential = routes[name].authenticated && !('credentialInBody' in routes[name])
    for (const [text, what] of [
      [fields(3000), needsCredential ? 'too many parts' : 'too many fields'],
      ...(needsCredential ? [] : [[fields(33), 'too many fields'] as const]),
      [`[${'[],'.repeat(1500)}[]]`, 'too many parts'],
    ] as const) {
      const answer = await askRoute(target, name, { token: token(), text })
      const long = text.length > 8192 && !routes[name].authenticated
      expect(expectRefusal(answer, long ? 413 : 400).message).toContain(long ? 'too large' : what)
    }
    // Signs inside of a text are no parts.
    const text = JSON.stringify({ name: ',[{"\\'.repeat(1000) })
    expect(JSON.stringify(await askRoute(target, name, { token: token(), text }))).not.toContain('too many parts')
  })

  test('another type of content is refused', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data',
      'application/xml',
      'x',
      '',
    ]) {
      const text = JSON.stringify(good)
      const answer = await askRoute(target, name, { token: token(), text, headers: { 'content-type': type } })
      expectNo(answer, type)
    }
  })

  test('keys that objects have by nature are fields like any other', async () => {
    for (const key of ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty']) {
      for (const value of ['{"admin":true}', '"x"', 'null']) {
        const text = JSON.stringify(good).replace('{', `{"${key}":${value},`)
        const answer = await askRoute(target, name, { token: token(), text })
        if (answer.status >= 300 || key === '__proto__') expectNo(answer, key)
      }
      const alone = await askRoute(target, name, { token: token(), text: `{"${key}":{"email":"a@b.example"}}` })
      if (alone.status >= 300) expectNo(alone, key)
    }
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })
})

test.each([
  ['/graphql', '{"query":"{ viewer { id } }","variables":{"a":1,"a":2}}'],
  ['/api/v1/sessions', '{"data":{"attributes":{"email":"a@example.com","email":"b@example.com","password":"x"}}}'],
  ['/.well-known/macfly/3p', '{"ticket":"AA==","ticket":"AA=="}'],
])('at %s too, a field that is there twice is refused', async (path, text) => {
  const answer = await target.ask('POST', path, { text, token: target.admin.token })
  expect(answer.text).toContain('twice')
})

describe('fields that are not known', () => {
  // The routes of the Machines API ignore what its clients send in addition; no other route does.
  const open = new Set<RouteName>(['createApp', 'createDeployToken'])

  test.each(withBody.filter((name) => !open.has(name) && routes[name].tag !== 'machines'))(
    '%s refuses one by name',
    async (name) => {
      const answer = await askRoute(target, name, {
        token: target.admin.token,
        body: { ...examples[name], surprise: 1 },
      })
      expect(expectRefusal(answer, 400).message).toContain('surprise')
    },
  )
})

describe('durations', () => {
  const durations = [
    '-5h',
    '1e9h',
    '99999999999h',
    '0s',
    '1',
    '',
    '5 h',
    ' 5h',
    '5h ',
    'h',
    '1h-1m',
    '1.h.',
    '+-1h',
    '0.5s',
    '1h'.repeat(40),
    // Read by a careless expression, this one takes long.
    `${'11a'.repeat(21)}!`,
  ]

  test.each(['createToken', 'createDeployToken'] as const)('%s says what is wrong with one', async (name) => {
    for (const expiry of durations) {
      const error = expectRefusal(await askRoute(target, name, { token: target.admin.token, body: { expiry } }), 400)
      expect(error.message, expiry).toMatch(/^expiry.*(?:duration|negative|unit|second|years|characters)/)
      expect(error.field).toBe('expiry')
    }
  })

  test('as a number of nanoseconds too', async () => {
    for (const expiry of [-1, 0, 1, 999_999_999, 1e308, -1e308, 1e19]) {
      const answer = await askRoute(target, 'createDeployToken', { token: target.admin.token, body: { expiry } })
      expect(expectRefusal(answer, 400).message, String(expiry)).toMatch(/^expiry.*(?:duration|negative|second|years)/)
    }
  })
})

test('a caveat that is none is named by its place in the list', async () => {
  const caveats = [
    { type: 'Action', body: 'r' },
    { type: 'Nope', body: {} },
  ]
  const asked = [
    ['createToken', { caveats }, 'caveats.1.type'],
    ['createMachine', { config: { image: 'a', token: { caveats } } }, 'config.token.caveats.1.type'],
  ] as const
  for (const [name, body, field] of asked) {
    const answer = await askRoute(target, name, { token: target.admin.token, body })
    expect(expectRefusal(answer, 400)).toMatchObject({ field })
  }
})

test('a key that somebody took for the place of a value is not repeated', async () => {
  const asked = [
    ['createMachine', { config: { image: 'a', env: { 'A=hunter2hunter2': '' } } }, 'config.env.'],
    ['changeSecrets', { values: { 'A=hunter2hunter2': '' } }, 'values.'],
  ] as const
  for (const [name, body, place] of asked) {
    const answer = await askRoute(target, name, { token: target.minted.token, body })
    expect(expectRefusal(answer, 400).message).toContain(`${place}(not a name) is no`)
    expect(answer.text).not.toContain('hunter2')
  }
})
