// The feed: what guards must forget, told to verifiers alone, from where they were.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'

import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'

import { routes } from '@hallpass/client/contract'

import {
  createVerifier,
  listVerifiers,
  revokeVerifier,
  serve,
  type RunningAuthority,
} from '../packages/authority/src/main.ts'
import {
  reasonWithoutPostgres,
  startPostgres,
  type TestPostgres,
} from '../packages/authority/src/store/testing/postgres.ts'
import { createDirectory, optionsFor } from './authority.ts'
import { openFeedStream, type FeedMessage, type FeedReader } from './feed-reader.ts'
import { createAsk, expectAnswer, expectRefusal, type Ask } from './http.ts'
import {
  createApp,
  createOrganisation,
  memberPath,
  mint,
  requireMembership,
  revoke,
  signInFounder,
  signUpInto,
  unique,
} from './people.ts'
import { prepareAuthority, prepareOrganisation } from './prepare.ts'

const prepared = prepareAuthority()
const { ask, admin, authority } = prepared
const slug = prepareOrganisation(prepared)
const place = () => ({ dataDirectory: authority.directory })

async function makeVerifier(name = unique('edge')): Promise<string> {
  const secret = (await createVerifier({ ...place(), name, now: Date.now() })).secret.reveal()
  // A server on SQLite sees within a second what another program wrote.
  await vi.waitUntil(async () => (await piece('', secret)).status === 200, 10_000)
  return secret
}
let credential = ''
beforeAll(async () => {
  credential = await makeVerifier()
})

const open = (after?: string) => openFeedStream(authority.url(), credential, after)
const piece = (query = '', token: string | undefined = credential) => ask('GET', `/v1/revocations${query}`, { token })
async function readPiece(query?: string): Promise<FeedMessage & { readonly after: string }> {
  const answer = await piece(query)
  expect(answer.status, answer.text).toBe(200)
  return answer.body as FeedMessage & { readonly after: string }
}
const tells = (kind: 'tokens' | 'organizations' | 'apps' | 'people', id?: string) => (message: FeedMessage) =>
  id === undefined ? message[kind] !== undefined : message[kind]?.includes(id) === true

describe('a verifier', () => {
  test('hears of a token that is revoked, and of one that is replaced', async () => {
    const feed = await open()
    await feed.until(({ as_of }) => as_of !== undefined)
    const [first, second] = [await mint(ask, admin.token, slug), await mint(ask, admin.token, slug)]
    await revoke(ask, admin.token, first.id)
    const heard = await feed.until(({ tokens }) => tokens !== undefined)
    expect(heard.tokens).toEqual([first.id])
    await ask('POST', `/v1/tokens/${second.id}/rotate`, { token: admin.token, body: {} })
    expect((await feed.until(({ tokens }) => tokens !== undefined)).tokens).toEqual([second.id])
    feed.close()
  })

  test('hears of apps, people and organizations whose tokens may have changed', async () => {
    const feed = await open()
    const other = await createOrganisation(ask, admin.token)
    const person = await signUpInto(ask, admin.token, other.slug)
    const { name } = await createApp(ask, admin.token, other.slug)
    await ask('DELETE', `/v1/apps/${name}`, { token: admin.token })
    await feed.until(tells('apps'))
    await ask('DELETE', memberPath(other.slug, person.email), { token: admin.token })
    await feed.until(tells('people'))
    await requireMembership(ask, admin.token, other.slug, 'member')
    const { organizations: [id = ''] = [] } = await feed.until(tells('organizations'))
    await ask('DELETE', `/v1/orgs/${other.slug}`, { token: admin.token })
    await feed.until(tells('organizations', id))
    feed.close()
  })

  test('goes on where it was, in a stream and by pieces, and hears nothing twice', async () => {
    const { after: start } = await readPiece()
    const tokens = [await mint(ask, admin.token, slug), await mint(ask, admin.token, slug)]
    const [first, second] = tokens.map(({ id }) => id) as [string, string]
    await revoke(ask, admin.token, first)
    const heard = await readPiece(`?after=${start}&wait=30s`)
    expect(heard.tokens).toEqual([first])
    await revoke(ask, admin.token, second)
    const feed = await open(heard.after)
    const next = await feed.until(tells('tokens'))
    expect(next.tokens).toEqual([second])
    feed.close()
    expect((await readPiece(`?after=${start}`)).tokens).toEqual([first, second])
    expect(await readPiece(`?after=${next.id}`)).toEqual({ after: next.id, as_of: known })
  })

  test('waits for the next piece as long as it says', async () => {
    const { after } = await readPiece()
    expect(await readPiece(`?after=${after}&wait=1s`)).toEqual({ after, as_of: known })
    const { id } = await mint(ask, admin.token, slug)
    const waiting = readPiece(`?after=${after}&wait=60s`)
    await revoke(ask, admin.token, id)
    expect((await waiting).tokens).toEqual([id])
  })

  test('that stands in another history must forget everything', async () => {
    const { after } = await readPiece()
    for (const strange of ['999999.abc', after.replace(/\..*/, '.1')]) {
      expect(await readPiece(`?after=${strange}`)).toEqual({ reset: true, after })
      const feed = await open(strange)
      expect(await feed.until(() => true)).toEqual({ id: after, reset: true })
      feed.close()
    }
  })

  test('hears the end of the authority, and goes on at the next one', async () => {
    const feed = await open()
    const { id: after } = await feed.until(({ as_of }) => as_of !== undefined)
    await authority.restart()
    await feed.rest()
    const again = await open(after)
    expect((await again.until(() => true)).reset).toBeUndefined()
    again.close()
  })

  test('that is revoked hears nothing more, and may not begin again', async () => {
    const name = unique('edge')
    const secret = await makeVerifier(name)
    const feed = await openFeedStream(authority.url(), secret)
    await feed.until(({ as_of }) => as_of !== undefined)
    const waiting = piece(`?after=${(await readPiece()).after}&wait=60s`, secret)
    await revokeVerifier({ ...place(), name, now: Date.now() })
    await feed.rest()
    expectRefusal(await waiting, 401)
    await expect.poll(async () => (await piece('', secret)).status).toBe(401)
    await expect(openFeedStream(authority.url(), secret)).rejects.toThrow('401')
  })
})

describe('the feed', () => {
  test('is for verifiers alone, and their credentials are good for nothing else', async () => {
    const { token } = await mint(ask, admin.token, slug)
    const strangers = [undefined, admin.token, token, 'Bearer fv1_x', `fv1_${'A'.repeat(43)}`, `Basic ${credential}`]
    for (const stranger of strangers) {
      expectRefusal(await ask('GET', '/v1/revocations', { token: stranger }), 401)
    }
    for (const path of ['/v1/orgs', '/v1/tokens/current', `/v1/orgs/${slug}/tokens`]) {
      expectRefusal(await ask('GET', path, { token: credential }), 401)
    }
  })

  test.each([
    ['?after=x', 'after'],
    ['?after=1', 'after'],
    [`?after=${'1'.repeat(16)}.a`, 'after'],
    ['?after=1.abc&wait=1h', 'wait'],
    ['?wait=soon&after=0.0', 'wait'],
    ['?nonce=short', 'nonce'],
    ['?before=1.a', 'before'],
  ])('refuses %s, and says why', async (query, word) => {
    const refusal = expectRefusal(await piece(query), 400)
    expect(refusal.message).toContain(word)
  })

  test('has no message for what takes no token away', async () => {
    const { after } = await readPiece()
    const { id } = await mint(ask, admin.token, slug)
    await createApp(ask, admin.token, slug)
    expectAnswer(routes.showToken, await ask('GET', `/v1/tokens/${id}`, { token: admin.token }))
    expect(await readPiece(`?after=${after}`)).toEqual({ after, as_of: known })
  })

  test('is read to its end by who is far behind, as a stream and by pieces', async () => {
    const { after } = await readPiece()
    addEvents()
    await vi.waitUntil(async () => (await readPiece()).after !== after, 10_000)
    const feed = await open(after)
    let heard = 0
    const end = await feed.until(({ tokens = [], as_of }) => {
      heard += tokens.length
      return as_of !== undefined
    })
    feed.close()
    expect(heard).toBe(count)
    let pieces = 0
    for (let [place, isAll] = [after, false]; !isAll;) {
      const next = await readPiece(`?after=${place}`)
      expect(next.tokens?.length ?? 0).toBeLessThanOrEqual(10_000)
      ;[place, isAll] = [next.after, next.as_of !== undefined]
      pieces += next.tokens?.length ?? 0
      if (isAll) expect(place).toBe(end.id)
    }
    expect(pieces).toBe(count)
  })

  test('ends a stream that nobody reads, before it holds much, and no other', async () => {
    const { port } = new URL(authority.url())
    const before = await open()
    const stuck = connect(Number(port), '127.0.0.1').on('error', () => {})
    const lines = [
      'GET /v1/revocations HTTP/1.1',
      'host: a',
      'accept: text/event-stream',
      `authorization: Bearer ${credential}`,
    ]
    stuck.write(`${lines.join('\r\n')}\r\n\r\n`)
    // It follows before anything happens.
    await once(stuck, 'data')
    stuck.pause()
    addEvents()
    let heard = 0
    await before.until(({ tokens = [] }) => (heard += tokens.length) === count)
    before.close()
    let received = 0
    stuck.on('data', (bytes) => (received += bytes.length)).resume()
    await once(stuck, 'close')
    // What the kernels held.
    expect(received).toBeLessThan(count * 39)
  })

  test('is not opened by who asks for its headers alone, and would never read it', async () => {
    const headers = { accept: 'text/event-stream' }
    expect((await ask('HEAD', '/v1/revocations', { token: credential, headers })).status).toBe(501)
  })
})

/** Events of more bytes than the kernels and a stream hold for a reader. */
const count = 240_000

/** As another program, whose writes are seen within a second. */
function addEvents(): void {
  authority.inspect((database) =>
    database.exec(`with recursive many (n) as (select 1 union all select n + 1 from many where n < ${count})
      insert into feed_events (at, kind, token_id) select ${Date.now()}, 'token', randomblob(16) from many`),
  )
}

/** The time up to which a piece is whole. */
const known = expect.any(Number) as number

test('the operator has each verifier once, and nobody sees its credential again', async () => {
  const name = unique('edge')
  const secret = await makeVerifier(name)
  await expect(makeVerifier(name)).rejects.toMatchObject({ code: 'verifier_refused' })
  await expect(revokeVerifier({ ...place(), name: 'nobody', now: 1 })).rejects.toMatchObject({
    code: 'verifier_refused',
  })
  const listed = await listVerifiers(place())
  expect(listed.map((verifier) => verifier.name)).toContain(name)
  expect(JSON.stringify(listed)).not.toContain(secret)
  const rows = authority.inspect((database) => database.prepare('select * from verifiers').all())
  expect(Buffer.from(JSON.stringify(rows)).toString()).not.toContain(secret)
})

const missing = reasonWithoutPostgres()
describe.skipIf(missing !== undefined)(
  `two authorities on one PostgreSQL${missing ? `, skipped: ${missing}` : ''}`,
  () => {
    let server: TestPostgres
    const running: { readonly directory: string; readonly authority: RunningAuthority; readonly ask: Ask }[] = []
    beforeAll(async () => {
      server = await startPostgres()
      const rootKey = Buffer.alloc(32, 7).toString('base64')
      for (let each = 0; each < 2; each++) {
        const directory = await createDirectory()
        const started = await serve({ ...optionsFor(directory), databaseUrl: server.url, rootKey })
        running.push({ directory, authority: started, ask: createAsk(() => started.url) })
      }
    })
    afterAll(async () => {
      for (const { directory, authority: started } of running) {
        await started.close()
        await rm(directory, { recursive: true, force: true })
      }
      await server.stop()
    })

    test('tell the same, whichever is asked to revoke', async () => {
      const [one, other] = running as [(typeof running)[number], (typeof running)[number]]
      const { token } = await signInFounder(one.ask)
      const { slug: shared } = await createOrganisation(one.ask, token)
      const options = { dataDirectory: one.directory, databaseUrl: server.url, name: 'edge', now: Date.now() }
      const secret = (await createVerifier(options)).secret.reveal()
      const feeds: FeedReader[] = []
      for (const each of running) feeds.push(await openFeedStream(each.authority.url, secret))
      const minted = await Promise.all(Array.from({ length: 12 }, () => mint(one.ask, token, shared)))
      await Promise.all(minted.map(({ id }, at) => revoke((at % 2 === 0 ? one : other).ask, token, id)))
      const heard = await Promise.all(
        feeds.map(async (feed) => {
          const ids: string[] = []
          while (ids.length < minted.length) ids.push(...((await feed.until(tells('tokens'))).tokens ?? []))
          feed.close()
          return ids
        }),
      )
      expect(heard[0]).toEqual(heard[1])
      expect(new Set(heard[0])).toEqual(new Set(minted.map(({ id }) => id)))
    })
  },
)
