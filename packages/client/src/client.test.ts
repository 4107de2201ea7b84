import { describe, expect, it } from 'vitest'
import { z } from 'zod'

import { createClient } from './client.ts'
import { allRoutes, type Route } from './contract.ts'
import { ApiError, ConnectionError } from './errors.ts'

interface Seen {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly redirect: string | undefined
  readonly body: unknown
}

/** Stands where the network begins: the client's own seam for it. */
function record(answer: () => Response): { readonly fetch: typeof globalThis.fetch; readonly seen: Seen[] } {
  const seen: Seen[] = []
  return {
    seen,
    async fetch(input, init) {
      const headers = new Headers(init?.headers)
      seen.push({
        method: init?.method ?? 'GET',
        url: new URL(input instanceof Request ? input.url : input),
        headers,
        redirect: init?.redirect,
        body: init?.body ?? undefined,
      })
      return answer()
    },
  }
}

describe('the client', () => {
  it.each(Object.entries<Route>(allRoutes))(
    'has %s: its parameters in the path, the rest in the query or the body',
    async (name, route) => {
      const { fetch, seen } = record(() => Response.json({}))
      const ask = createClient({ url: 'http://127.0.0.1:1', fetch })[name as keyof typeof allRoutes] as (
        input: object,
      ) => unknown
      const fields = Object.keys(route.params?.shape ?? {})
      await ask({ ...Object.fromEntries(fields.map((field) => [field, `of ${field}`])), limit: 5, absent: undefined })
      const path = route.path.replaceAll(/\{(\w+)\}/g, 'of%20$1')
      const [sent] = seen
      expect([sent?.method, sent?.url.pathname]).toEqual([route.method, path])
      expect([sent?.url.search, sent?.body]).toEqual(
        route.method === 'GET' ? ['?limit=5', undefined] : ['', '{"limit":5}'],
      )
      // A field of the body or the query would be lost where a parameter of the path has its name.
      const others = [route.query, route.body].flatMap((schema) =>
        schema instanceof z.ZodObject ? Object.keys(schema.shape) : [],
      )
      expect(others.filter((field) => fields.includes(field))).toEqual([])
    },
  )

  it.each([
    ['bytes', JSON.stringify({ text: 'a'.repeat(2000) })],
    ['parts', '['.repeat(500) + ']'.repeat(500)],
  ])('takes no answer of more %s than it was told to', async (_what, answer) => {
    const { fetch } = record(() => new Response(answer))
    const url = 'http://127.0.0.1:1'
    await createClient({ url, fetch }).listOrganisations()
    const client = createClient({ url, fetch, mostOfAnswer: { bytes: 1024, parts: 100 } })
    await expect(client.listOrganisations()).rejects.toMatchObject({ code: 'not_an_authority' })
  })

  it('sends no address that a token or a code would stand in', async () => {
    const { fetch, seen } = record(() => Response.json({}))
    const client = createClient({ url: 'http://127.0.0.1:1', fetch })
    for (const secret of ['FlyV1 fm2_abcdefghijkl', 'web-fo1_abcdefghijkl', 'abcdefgh-jkmnpqrs-tuvwxyz2-3456789a']) {
      for (const asking of [
        client.revokeToken({ token_id: secret }),
        client.deleteApp({ app_name: encodeURIComponent(secret) }),
        client.changeRole({ org_slug: 'acme', email: secret, role: 'admin' }),
        client.listOrganisationTokens({ org_slug: 'acme', search: secret }),
      ]) {
        await expect(asking).rejects.toMatchObject({ name: 'ConnectionError', code: 'not_sent' })
        await expect(asking).rejects.not.toThrow(secret)
      }
    }
    expect(seen).toEqual([])
    // An id that is random by itself may look like anything.
    await client.showDischarge({ discharge_id: 'fo1_abcdefghijkl' })
    // And so may a cursor, which the authority makes.
    await client.listOrganisationTokens({ org_slug: 'acme', cursor: 'fo1_abcdefghijkl' })
    await client.readLogs({
      app_name: 'web',
      next_token: Buffer.from('148e21ea7e46e8=2026-01-02T03:04:05.123456789Z').toString('base64url'),
    })
    expect(seen).toHaveLength(3)
  })

  it('sends nothing for a name that would be the address of something else', async () => {
    const { fetch, seen } = record(() => Response.json({}))
    const client = createClient({ url: 'http://127.0.0.1:1', fetch })
    for (const name of ['', '.', '..']) {
      for (const asking of [
        // Without this, `..` asks for the end of the organization.
        client.removeMember({ org_slug: 'acme', email: name }),
        client.deleteOrganisation({ org_slug: name }),
        client.withdrawInvitation({ org_slug: name, invitation_id: 7 }),
        client.deleteApp({ app_name: name }),
        client.revokeToken({ token_id: name }),
        client.showDischarge({ discharge_id: name }),
      ]) {
        await expect(asking).rejects.toMatchObject({ name: 'ConnectionError', code: 'not_sent' })
      }
    }
    expect(seen).toEqual([])
    await client.showApp({ app_name: '...' })
    expect(seen.map(({ url }) => url.pathname)).toEqual(['/v1/apps/...'])
  })

  it.each([
    ['fm2_abc', 'FlyV1 fm2_abc'],
    ['FlyV1 fm2_abc', 'FlyV1 fm2_abc'],
    ['fo1_abc', 'Bearer fo1_abc'],
    ['fo1_abc,fm2_abc', 'FlyV1 fo1_abc,fm2_abc'],
    ['Bearer fm2_abc', 'Bearer fm2_abc'],
  ])('sends %s as %s', async (token, header) => {
    const { fetch, seen } = record(() => Response.json({}))
    await createClient({ url: 'http://127.0.0.1:1', token, fetch }).showCurrentTokens()
    expect(seen[0]?.headers.get('authorization')).toBe(header)
  })

  it.each(['fo1_a\nb', 'fo1_ä', 'fo1_\0'])('refuses the token %j without repeating it', (token) => {
    expect(() => createClient({ url: 'http://127.0.0.1:1', token })).toThrow(/^the token has characters/)
  })

  it('keeps a path in the address, escapes names, and follows no redirect with a credential', async () => {
    const { fetch, seen } = record(
      () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.2/' } }),
    )
    const client = createClient({ url: 'http://127.0.0.1:1/hallpass/', token: 'fo1_a', fetch })
    await expect(client.showApp({ app_name: 'a/../b?c' })).rejects.toMatchObject({ code: 'not_an_authority' })
    expect(seen.map(({ url }) => url.href)).toEqual(['http://127.0.0.1:1/hallpass/v1/apps/a%2F..%2Fb%3Fc'])
    expect(seen[0]?.redirect).toBe('manual')
  })

  it('throws a refusal of the authority with its code, its words and its request id', async () => {
    const body = { error: 'unauthorized', message: 'because', code: 'forbidden', request_id: 'r-1' }
    const { fetch } = record(() => Response.json(body, { status: 403 }))
    const failure = await createClient({ url: 'http://127.0.0.1:1', fetch })
      .showApp({ app_name: 'web-1' })
      .catch((error) => error)
    expect(failure).toBeInstanceOf(ApiError)
    expect(failure).toMatchObject({ code: 'forbidden', message: 'because', status: 403, requestId: 'r-1' })
  })

  it.each([
    ['a page', () => new Response('<html>', { status: 200 })],
    ['an error page', () => new Response('<html>', { status: 502 })],
    ['an unknown error', () => Response.json({ code: 'else', message: 'x' }, { status: 400 })],
  ])('says that %s comes from no authority', async (_what, answer) => {
    const { fetch } = record(answer)
    await expect(createClient({ url: 'http://127.0.0.1:1', fetch }).listOrganisations()).rejects.toMatchObject({
      code: 'not_an_authority',
    })
  })

  it('says where nothing answers', async () => {
    const failure = await createClient({ url: 'http://127.0.0.1:9' })
      .listOrganisations()
      .catch((error) => error)
    expect(failure).toBeInstanceOf(ConnectionError)
    expect(failure).toMatchObject({ code: 'unreachable', message: 'no authority answers at http://127.0.0.1:9' })
  })
})
