// Answers are compressed for those who take them so, and none is that carries a secret.
import { request } from 'node:http'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

import { routes, type Route } from '@hallpass/client/contract'
import { beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'

import { createApp, mint } from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

interface Received {
  readonly status: number | undefined
  readonly headers: Readonly<Record<string, unknown>>
  readonly bytes: Buffer
}

const prepared = prepareAuthority()
const { authority, ask, admin } = prepared
const slug = prepareOrganisation(prepared)
beforeAll(async () => {
  for (let count = 0; count < 10; count += 1) await mint(ask, admin.token, slug, { name: `token ${count}` })
  await createApp(ask, admin.token, slug)
})

/** Without the help of `fetch`, which decodes. */
function load(method: string, path: string, accepted: string, body?: string): Promise<Received> {
  const { hostname, port } = new URL(authority.url())
  const headers = {
    authorization: `Bearer ${admin.token}`,
    'accept-encoding': accepted,
    'content-type': 'application/json',
  }
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, bytes: Buffer.concat(chunks) }),
      )
    })
    sent.once('error', reject)
    sent.end(body)
  })
}

describe('a long answer', () => {
  test.each([
    ['br', 'gzip, br', brotliDecompressSync],
    ['gzip', 'gzip', gunzipSync],
  ])('comes as %s, much smaller, and is the same', async (encoding, accepted, decode) => {
    const path = `/v1/orgs/${slug}/tokens`
    const plain = await load('GET', path, 'identity')
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(plain.headers['vary']).toBe('accept-encoding')
    const { status, headers, bytes } = await load('GET', path, accepted)
    expect(status).toBe(200)
    expect(headers).toMatchObject({
      'content-encoding': encoding,
      vary: 'accept-encoding',
      'content-length': String(bytes.length),
      'content-type': 'application/json; charset=utf-8',
    })
    expect(decode(bytes).toString()).toBe(plain.bytes.toString())
    expect(bytes.length).toBeLessThan(plain.bytes.length / 3)
  })

  test('that many ask for at once comes to all of them, compressed or not', async () => {
    const path = `/v1/orgs/${slug}/tokens`
    const wanted = (await load('GET', path, 'identity')).bytes.toString()
    const answers = await Promise.all(Array.from({ length: 30 }, () => load('GET', path, 'gzip')))
    for (const { headers, bytes } of answers) {
      const text = headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes
      expect(text.toString()).toBe(wanted)
    }
  })
})

describe('as it is comes', () => {
  test('what is short, and every refusal', async () => {
    for (const path of ['/v1/users/current', '/v1/apps/no-such-app', `/v1/orgs/${slug}/tokens?limit=x`]) {
      expect((await load('GET', path, 'gzip, br')).headers['content-encoding']).toBeUndefined()
    }
  })

  test('a new token, however long it is', async () => {
    const caveats = Array.from({ length: 30 }, (_, count) => ({
      type: 'Machines',
      body: { machines: { [`machine-${count}`]: '*' } },
    }))
    const { status, headers, bytes } = await load(
      'POST',
      `/v1/orgs/${slug}/tokens`,
      'gzip, br',
      JSON.stringify({ caveats }),
    )
    expect(status, bytes.toString()).toBe(201)
    expect(bytes.length).toBeGreaterThan(2000)
    expect(headers['content-encoding']).toBeUndefined()
  })
})

test('nothing that is asked for with GET, which may be compressed, has a field for a secret', () => {
  const secret =
    /^(?:token|auth_token|access_token|code|code_verifier|url|callback_url|discharge|discharges|header|password|invitation|challenge.*|setup_code|options)$/
  for (const each of Object.values<Route>(routes)) {
    // A region's code is its name.
    if (each.method !== 'GET' || each.answer === undefined || each === routes.listRegions) continue
    const found = listTexts(z.toJSONSchema(each.answer, { io: 'input', unrepresentable: 'any' }))
    expect(
      found.filter((name) => secret.test(name)),
      each.operationId,
    ).toEqual([])
  }
  // It would be found.
  const made = listTexts(z.toJSONSchema(routes.createToken.answer, { io: 'input', unrepresentable: 'any' }))
  expect(made.filter((name) => secret.test(name))).not.toEqual([])
})

/** The names of all fields that hold a text or a list, at any depth. */
function listTexts(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([name, part]) => {
    if (name !== 'properties') return listTexts(part)
    return Object.entries(part as object).flatMap(([field, type]: [string, { readonly type?: string }]) => [
      ...(type.type === 'object' || type.type === 'array' ? [] : [field]),
      ...listTexts(type),
    ])
  })
}
