// What waits in the outbox is not mailed once its link opens nothing any more, however that came; on both engines.
import { expect, test } from 'vitest'

import { Client } from 'pg'

import { overEachEngine } from '../packages/authority/src/store/testing/engines.ts'
import { claimTime } from '../packages/authority/src/domain/outbox.ts'
import { deleteUser, resetUser } from '../packages/authority/src/main.ts'
import { partsOf } from '../packages/authority/src/mail/testing/smtp.ts'
import { founder } from './authority.ts'
import type { Ask } from './http.ts'
import { createOrganisation, inviteFully, signUpInto, unique, type Person } from './people.ts'
import { prepareAuthority, prepareMailServer, mailThrough } from './prepare.ts'

overEachEngine((postgres) => {
  let refusal: Error | undefined
  const smtp = prepareMailServer({ onMailFrom: (_address, _session, done) => done(refusal) })
  const { authority, ask, admin } = prepareAuthority(() => ({
    ...mailThrough(smtp),
    databaseUrl: postgres()?.url,
  }))

  async function query(sql: string): Promise<unknown[]> {
    const url = postgres()?.url
    if (url === undefined) return authority.inspect((database) => database.prepare(sql).all())
    const client = new Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query<Record<string, unknown>>(sql)
    await client.end()
    return rows
  }
  const waiting = async () => (await query('select id from outbox')).length
  const refuse = (responseCode: number) => {
    refusal = Object.assign(new Error('not today'), { responseCode })
  }
  /** Lets the mail server take all of it, long after. */
  async function mailAll(): Promise<void> {
    refusal = undefined
    await query('update outbox set due_at = 0')
    await expect.poll(waiting).toBe(0)
  }
  const mailed = (email: string) => smtp.received.filter(({ to }) => to.includes(email))
  /** In the link of the youngest mail. */
  function codeIn(email: string, page: 'invite' | 'reset'): string {
    const mail = mailed(email).at(-1)
    const text = (mail && partsOf(mail).get('text/plain')) ?? ''
    return new RegExp(`/${page}#(\\S+)`).exec(text)?.[1] ?? ''
  }
  const newAddress = () => `${unique('new')}@example.com`
  const member = (slug: string, email: string) => `/v1/orgs/${slug}/members/${encodeURIComponent(email)}`

  test('an invitation', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const makeAdmin = () => signUpInto(ask, admin.token, slug, { role: 'admin' })
    const [removed, demoted, leaving, deleted] = [
      await makeAdmin(),
      await makeAdmin(),
      await makeAdmin(),
      await makeAdmin(),
    ]
    const doomed = await createOrganisation(ask, admin.token)
    const other = await makeAdmin()
    const joined = await createOrganisation(ask, other.token)
    const before = smtp.received.length
    refuse(451)
    const send = async (by: Person, email = newAddress(), to = slug) => {
      const invited = await inviteFully(ask, by.token, to, { email })
      expect(invited.mailed).toBe(false)
      return invited
    }
    const done = async (...request: Parameters<Ask>) => expect((await ask(...request)).status).toBeLessThan(300)
    const good = await send(admin)
    const ways: Record<string, () => Promise<void>> = {
      async withdrawn() {
        const { id } = await send(admin)
        await done('DELETE', `/v1/orgs/${slug}/invitations/${id}`, { token: admin.token })
      },
      async accepted() {
        const { code: invitation, email } = await send(admin)
        await done('POST', '/v1/users', { body: { email, password: 'a long enough password', invitation } })
      },
      async declined() {
        const { id } = await send(other, founder.email, joined.slug)
        await done('DELETE', `/v1/invitations/${id}`, { token: admin.token })
      },
      async 'whose organization is deleted'() {
        await send(admin, newAddress(), doomed.slug)
        await done('DELETE', `/v1/orgs/${doomed.slug}`, { token: admin.token })
      },
      async 'whose inviter is removed'() {
        await send(removed)
        await done('DELETE', member(slug, removed.email), { token: admin.token })
      },
      async 'whose inviter is an admin no more'() {
        await send(demoted)
        await done('PATCH', member(slug, demoted.email), { token: admin.token, body: { role: 'member' } })
      },
      async 'whose inviter has left'() {
        await send(leaving)
        await done('DELETE', member(slug, leaving.email), { token: leaving.token })
      },
      async 'whose inviter has no account any more'() {
        await send(deleted)
        await done('DELETE', '/v1/users/current', { token: deleted.token })
      },
    }
    for (const end of Object.values(ways)) await end()
    const replaced = await send(admin)
    const replacement = await send(admin, replaced.email)
    expect(replacement.replaced).toBe(true)
    expect(await waiting()).toBe(Object.keys(ways).length + 3)

    await mailAll()
    const recipients = smtp.received.slice(before).flatMap(({ to }) => to)
    expect(recipients.toSorted()).toEqual([good.email, replacement.email].toSorted())
    const preview = { invitation: codeIn(replacement.email, 'invite') }
    expect((await ask('POST', '/v1/invitations/preview', { body: preview })).status).toBe(200)
  })

  test('a link for a new password', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const signUp = () => signUpInto(ask, admin.token, slug)
    const [good, used, reset, gone] = await Promise.all([signUp(), signUp(), signUp(), signUp()])
    const request = ({ email }: Person) => ask('POST', '/v1/password-resets', { body: { email } })
    refusal = undefined
    await request(used)
    await expect.poll(() => codeIn(used.email, 'reset')).not.toBe('')
    await expect.poll(waiting).toBe(0)
    const before = smtp.received.length
    refuse(451)
    // Once the first try has failed.
    const postponed = `select id from outbox where due_at < ${Date.now() + claimTime}`
    for (const person of [good, used, reset, gone]) await request(person)
    await expect.poll(async () => (await query(postponed)).length).toBe(4)
    const body = { code: codeIn(used.email, 'reset'), new_password: 'another long password' }
    expect((await ask('POST', '/v1/password-resets/redeem', { body })).status).toBe(200)
    const place = { dataDirectory: authority.directory, databaseUrl: postgres()?.url, now: Date.now() }
    await resetUser({ ...place, email: reset.email, publicUrl: authority.url() })
    await deleteUser({ ...place, email: gone.email, evenLastAdmin: true })
    await mailAll()
    expect(smtp.received.slice(before).flatMap(({ to }) => to)).toEqual([good.email])
  })

  test('what a mail server refuses for good, while all else is kept', async () => {
    const { slug } = await createOrganisation(ask, admin.token)
    const [now, never] = [newAddress(), newAddress()]
    refuse(550)
    expect((await inviteFully(ask, admin.token, slug, { email: never })).mailed).toBe(false)
    expect(await waiting()).toBe(0)
    refuse(451)
    expect((await inviteFully(ask, admin.token, slug, { email: now })).mailed).toBe(false)
    expect(await waiting()).toBe(1)
    await mailAll()
    expect([mailed(now).length, mailed(never).length]).toEqual([1, 0])
  })
})
