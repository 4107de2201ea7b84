// How often a request waits for PostgreSQL, and that its answer is the truth of this moment.
import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { appDraft, caller, openAuthority, orgToken, type OpenAuthority } from './open-authority.ts'
import type { ReadTransaction, Store } from '../packages/authority/src/domain/store.ts'
import { createApp } from '../packages/authority/src/operations/apps/create-app.ts'
import { showApp } from '../packages/authority/src/operations/apps/show-app.ts'
import { performForEach } from '../packages/authority/src/operations/perform/perform.ts'
import { listOrganisationTokens, usualListing } from '../packages/authority/src/operations/tokens/list-tokens.ts'
import { mintToken } from '../packages/authority/src/operations/tokens/mint-token.ts'
import { knowTokens } from '../packages/authority/src/operations/tokens/verify-tokens.ts'
import { openPostgresStore } from '../packages/authority/src/store/open.ts'
import { reasonWithoutPgbouncer, startPgbouncer } from '../packages/authority/src/store/testing/pgbouncer.ts'
import { startProxy, type PostgresProxy } from '../packages/authority/src/store/testing/postgres-proxy.ts'
import { reasonWithoutPostgres, startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
import { createDirectory } from './authority.ts'
import { forge } from './macaroons.ts'

describe.each(['PostgreSQL', 'PgBouncer'] as const)('over %s', (kind) => {
  const missing = reasonWithoutPostgres() ?? (kind === 'PgBouncer' ? reasonWithoutPgbouncer() : undefined)

  describe.skipIf(missing !== undefined)(missing === undefined ? 'a request' : `skipped: ${missing}`, () => {
    let directory: string
    let proxy: PostgresProxy
    let authority: OpenAuthority
    /** Of another authority on the same database. */
    let other: Store
    const ends: (() => Promise<unknown>)[] = []

    beforeAll(async () => {
      directory = await createDirectory()
      const server = await startPostgres()
      const bouncer = kind === 'PgBouncer' ? await startPgbouncer(server) : undefined
      proxy = await startProxy(bouncer ?? server)
      authority = await openAuthority(directory, proxy.url)
      other = await openPostgresStore({ url: server.url })
      ends.push(
        () => other.close(),
        () => authority.close(),
        () => proxy.stop(),
        async () => bouncer?.stop(),
        () => server.stop(),
      )
      await authority.ask(authority.userHeader, createApp, { ...appDraft, name: 'web' })
    })
    afterAll(async () => {
      for (const end of ends) await end()
      await rm(directory, { recursive: true, force: true })
    })

    async function mint() {
      const { token, record } = await authority.ask(authority.userHeader, mintToken, orgToken)
      return { header: token.reveal(), id: record.id }
    }

    const show = (header: string) => authority.ask(header, showApp, { name: 'web' })
    const list = (header: string) =>
      authority.ask(header, listOrganisationTokens, {
        ...usualListing,
        slug: authority.organisation.slug,
        limit: 10,
        after: undefined,
      })

    /** Once what it takes is known. */
    async function turnsOf(work: () => Promise<unknown>): Promise<number> {
      await work()
      await work()
      const before = proxy.turns()
      await work()
      return proxy.turns() - before
    }

    test('that is authorised to read waits once', async () => {
      const { header } = await mint()
      expect(await turnsOf(() => show(header))).toBe(1)
      expect(await turnsOf(() => list(header))).toBe(1)
      expect(await turnsOf(() => list(authority.userHeader))).toBe(1)
    })

    test('with a token that counts for nothing waits once at most', async () => {
      const { header, id } = await mint()
      const refused = (token: string) => () => expect(show(token)).rejects.toMatchObject({ code: 'unauthenticated' })
      expect(await turnsOf(refused(forge(header, { kid: randomBytes(16) })))).toBe(1)
      await show(header)
      expect(await turnsOf(refused(forge(header)))).toBe(0)
      await authority.environment.store.write((tx) => tx.tokens.revoke(id, 1, 'somebody'))
      expect(await turnsOf(refused(header))).toBe(0)
    })

    test('of a verifier waits once for all tokens that people made, and twice more for the lines of others', async () => {
      const { environment, authenticate } = authority
      const verify = async (headers: readonly string[]) => {
        const holders = await Promise.all(
          headers.map(async (header) => ({ caller, presented: await authenticate(header), input: undefined })),
        )
        const also = (tx: ReadTransaction) => tx.feed.end()
        return (await performForEach(environment, knowTokens, holders, also, environment.store)).answers
      }
      const headers = (await Promise.all(Array.from({ length: 20 }, mint))).map(({ header }) => header)
      expect(await turnsOf(() => verify(headers))).toBe(1)
      const [minter = ''] = headers
      const minted = (await authority.ask(minter, mintToken, orgToken)).token.reveal()
      expect(await verify([minted])).toMatchObject([[{ line: [expect.any(String)] }]])
      expect(await turnsOf(() => verify([...headers, minted]))).toBe(3)
    })

    test('that mints waits twice, for a person and for a token', async () => {
      const { header } = await mint()
      expect(await turnsOf(mint)).toBe(2)
      expect(await turnsOf(() => authority.ask(header, mintToken, orgToken))).toBe(2)
    })

    test('hears at once what another authority changed', async () => {
      const [{ header, id }, user] = [await mint(), authority.userHeader]
      const { organisation } = await show(header)
      await show(user)
      await other.write((tx) => tx.organisations.rename(organisation.id, 'Renamed'))
      expect(await show(header)).toMatchObject({ organisation: { name: 'Renamed' } })
      await other.write((tx) => tx.tokens.revoke(id, 1, 'somebody'))
      await expect(show(header)).rejects.toMatchObject({ code: 'unauthenticated' })
      await expect(authority.ask(header, mintToken, orgToken)).rejects.toMatchObject({ code: 'unauthenticated' })
      await other.write((tx) => tx.memberships.setRole(organisation.id, authority.user.id, 'member'))
      await other.write((tx) => tx.memberships.delete(organisation.id, authority.user.id))
      await expect(mint()).rejects.toMatchObject({ code: 'forbidden' })
      await other.write((tx) =>
        tx.memberships.insert({
          organisationId: organisation.id,
          userId: authority.user.id,
          role: 'admin',
          createdAt: 1,
        }),
      )
      await mint()
    })
  })
})
