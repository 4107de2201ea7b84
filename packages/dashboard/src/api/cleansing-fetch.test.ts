// Names from strangers are cleansed in every JSON answer, whatever its content type says.
import { expect, test } from 'vitest'

import { createCleansingFetch } from './cleansing-fetch.ts'

const ask = (body: string | null, type: string, status = 200) =>
  createCleansingFetch(async () => new Response(body, { status, headers: { 'content-type': type } }))('/v1/orgs')

test.each([
  'application/json',
  'application/problem+json; charset=utf-8',
  'APPLICATION/JSON',
  'text/json',
  'text/plain',
  '',
])('as %j', async (type) => {
  const answer = await ask('{"name":"a\u202eb","of":["c\u200bd","\\u001b[1;31me\\u001b[0m [f]"]}', type, 404)
  expect(answer.status).toBe(404)
  expect(await answer.json()).toEqual({ name: 'ab', of: ['cd', 'e [f]'] })
})

test.each([
  ['<html>a\u202eb</html>', 200],
  [null, 204],
])('what is not JSON stays as it is: %j', async (body, status) => {
  const answer = await ask(body, 'text/html', status)
  expect([answer.status, await answer.text()]).toEqual([status, body ?? ''])
})
