import { describe, expect, it } from 'vitest'

import { createClient, type Client } from './client.ts'
import { routes, type Route } from './contract.ts'
import { ApiError, ConnectionError } from './errors.ts'

interface Seen {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly redirect: string | undefined
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
      })
      return answer()
    },
  }
}

async function callEverything(client: Client): Promise<void> {
  await client.users.signUp({ email: 'a@example.com', password: 'x', setup_code: 'y' })
  await client.users.current()
  await client.users.changePassword({ current_password: 'x', new_password: 'y' })
  await client.users.deleteCurrent()
  await client.passwordResets.request('a@example.com')
  await client.passwordResets.redeem({ code: 'x', new_password: 'y' })
  await client.invitations.list()
  await client.invitations.accept(7)
  await client.invitations.decline(7)
  await client.loginMethods()
  await client.sessions.create({ email: 'a@example.com', password: 'x' })
  await client.sessions.deleteCurrent()
  await client.sessions.list()
  await client.sessions.delete(7)
  await client.cliLogins.create({ name: 'laptop', code_challenge: 'x', code_challenge_method: 'S256', state: 'y' })
  await client.cliLogins.show('id')
  await client.cliLogins.approve('id')
  await client.cliLogins.deny('id')
  await client.cliLogins.redeem('id', { code: 'x', code_verifier: 'y' })
  await client.passkeys.list()
  await client.passkeys.begin()
  await client.passkeys.add({ challenge_id: 'x', name: 'laptop', response: {} })
  await client.passkeys.delete(7)
  await client.passkeys.beginSignIn()
  await client.passkeys.signIn({ challenge_id: 'x', response: {} })
  await client.organisations.list()
  await client.organisations.create({ name: 'Acme' })
  await client.organisations.show('acme')
  await client.organisations.update('acme', { name: 'Acme Ltd' })
  await client.organisations.delete('acme')
  await client.organisations.invitations('acme')
  await client.organisations.withdrawInvitation('acme', 7)
  await client.organisations.previewInvitation('code')
  await client.organisations.invite('acme', { email: 'a@example.com' })
  await client.organisations.acceptInvitation('code')
  await client.organisations.changeRole('acme', 'a@example.com', 'admin')
  await client.organisations.removeMember('acme', 'a@example.com')
  await client.organisations.audit('acme', { limit: 5 })
  await client.apps.list('acme')
  await client.apps.create({ name: 'web-1', org_slug: 'acme' })
  await client.apps.show('web-1')
  await client.apps.delete('web-1')
  await client.platform.regions()
  await client.tokens.create('acme', { profile: 'deploy_organization' })
  await client.tokens.listOfOrganisation('acme', { state: 'all' })
  await client.tokens.listOfApp('web-1')
  await client.tokens.current()
  await client.tokens.show('id')
  await client.tokens.history('id', { limit: 5 })
  await client.tokens.revokeText('fm2_x')
  await client.tokens.revoke('id')
  await client.tokens.authenticate('fm2_x')
  await client.tokens.authorize('fm2_x', { org_slug: 'acme', action: 'r' })
  await client.discharges.show('id')
  await client.discharges.approve('id')
  await client.discharges.deny('id')
}

function pattern({ path }: Route): RegExp {
  return new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`)
}

describe('the client', () => {
  it('calls every route of the contract but the one that only other clients use, and no other', async () => {
    const { fetch, seen } = record(() => Response.json({}))
    await callEverything(createClient({ url: 'http://127.0.0.1:1', fetch }))
    const called = seen.map(({ method, url }) =>
      Object.values<Route>(routes)
        // Of two routes that fit, the one without parameters is meant.
        .toSorted((a, b) => a.path.split('{').length - b.path.split('{').length)
        .find((route) => route.method === method && pattern(route).test(url.pathname)),
    )
    expect(called).not.toContain(undefined)
    const missed = Object.values<Route>(routes).filter((route) => !called.includes(route))
    expect(missed.map((route) => route.operationId)).toEqual(['createDeployToken'])
  })

  it('sends no address that a token or a code would stand in', async () => {
    const { fetch, seen } = record(() => Response.json({}))
    const client = createClient({ url: 'http://127.0.0.1:1', fetch })
    for (const secret of ['FlyV1 fm2_abcdefghijkl', 'web-fo1_abcdefghijkl', 'abcdefgh-jkmnpqrs-tuvwxyz2-3456789a']) {
      for (const asking of [
        client.tokens.revoke(secret),
        client.apps.delete(encodeURIComponent(secret)),
        client.organisations.changeRole('acme', secret, 'admin'),
        client.tokens.listOfOrganisation('acme', { search: secret }),
      ]) {
        await expect(asking).rejects.toMatchObject({ name: 'ConnectionError', code: 'not_sent' })
        await expect(asking).rejects.not.toThrow(secret)
      }
    }
    expect(seen).toEqual([])
    // An id that is random by itself may look like anything.
    await client.discharges.show('fo1_abcdefghijkl')
    expect(seen).toHaveLength(1)
  })

  it('sends nothing for a name that would be the address of something else', async () => {
    const { fetch, seen } = record(() => Response.json({}))
    const client = createClient({ url: 'http://127.0.0.1:1', fetch })
    for (const name of ['', '.', '..']) {
      for (const asking of [
        // Without this, `..` asks for the end of the organization.
        client.organisations.removeMember('acme', name),
        client.organisations.delete(name),
        client.organisations.withdrawInvitation(name, 7),
        client.apps.delete(name),
        client.tokens.revoke(name),
        client.discharges.show(name),
      ]) {
        await expect(asking).rejects.toMatchObject({ name: 'ConnectionError', code: 'not_sent' })
      }
    }
    expect(seen).toEqual([])
    await client.apps.show('...')
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
    await createClient({ url: 'http://127.0.0.1:1', token, fetch }).tokens.current()
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
    await expect(client.apps.show('a/../b?c')).rejects.toMatchObject({ code: 'not_an_authority' })
    expect(seen.map(({ url }) => url.href)).toEqual(['http://127.0.0.1:1/hallpass/v1/apps/a%2F..%2Fb%3Fc'])
    expect(seen[0]?.redirect).toBe('manual')
  })

  it("throws the authority's no with its code, its words and its request id", async () => {
    const body = { error: 'unauthorized', message: 'because', code: 'forbidden', request_id: 'r-1' }
    const { fetch } = record(() => Response.json(body, { status: 403 }))
    const failure = await createClient({ url: 'http://127.0.0.1:1', fetch })
      .apps.show('web-1')
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
    await expect(createClient({ url: 'http://127.0.0.1:1', fetch }).organisations.list()).rejects.toMatchObject({
      code: 'not_an_authority',
    })
  })

  it('says where nothing answers', async () => {
    const failure = await createClient({ url: 'http://127.0.0.1:9' })
      .organisations.list()
      .catch((error) => error)
    expect(failure).toBeInstanceOf(ConnectionError)
    expect(failure).toMatchObject({ code: 'unreachable', message: 'no authority answers at http://127.0.0.1:9' })
  })
})
