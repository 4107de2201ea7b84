// People are told of the ends of their tokens, and of uses after the end, by mail through a real server.
import { rm } from 'node:fs/promises'

import { afterAll, afterEach, expect, onTestFinished, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { headersOf, partsOf, startSmtpServer, type ReceivedMail } from '../packages/authority/src/mail/testing/smtp.ts'
import { createDirectory, withDatabase } from './authority.ts'
import { startChild } from './child.ts'
import { expectAnswer } from './http.ts'
import { createOrganisation, mint, signInFounder, statusOf } from './people.ts'
import { mailThrough, prepareAuthority, prepareMailServer } from './prepare.ts'

const day = 86_400_000
/** Milliseconds by which the authority's clock is ahead. */
let ahead = 0
const realNow = Date.now
const smtp = prepareMailServer()
const { ask, admin, authority } = prepareAuthority(() => {
  Date.now = () => realNow() + ahead
  return { ...mailThrough(smtp), publicUrl: 'https://hallpass.example.com' }
})
afterEach(() => {
  ahead = 0
})
afterAll(() => {
  Date.now = realNow
})

/** The new server need not wait for what the old one was about to do. */
const restart = () =>
  authority.restart((database) =>
    database.exec(`delete from settings where name = 'worker_lease'; update outbox set due_at = 0`),
  )
const textOf = (mail: ReceivedMail | undefined) => (mail === undefined ? '' : (partsOf(mail).get('text/plain') ?? ''))
const waiting = () => authority.inspect((database) => database.prepare('select id from outbox').all())
/** The mails that a start at that time sends. */
async function mailsAt(moved: number): Promise<readonly ReceivedMail[]> {
  const before = smtp.received.length
  ahead = moved
  await restart()
  await settle()
  return smtp.received.slice(before)
}
/** Waits until the worker has looked, and nothing waits in the outbox. */
async function settle(): Promise<void> {
  // `DAYS FROM UNTIL` for each notice, and more while it is on its way.
  const progress = () =>
    authority.inspect((database) =>
      database.prepare(`select value from settings where name = 'notices_progress'`).get(),
    )?.['value']
  const reached = () => {
    const all = String(progress())
      .split(',')
      .map((each) => each.split(' '))
    return all.some((each) => each.length > 3) ? 0 : Number(all[0]?.[2])
  }
  await expect.poll(reached, { interval: 20 }).toBeGreaterThan(Date.now() + 30.9 * day)
  const due = () =>
    authority.inspect((database) =>
      database.prepare('select count from notice_digests where due_at <= ?').all(Date.now()),
    )
  await expect.poll(() => [...due(), ...waiting()], { interval: 20, timeout: 10_000 }).toEqual([])
}

test('a token that ends soon is told of in one mail, which has no secret and says what to do', async () => {
  const { slug } = await createOrganisation(ask, admin.token, 'Acme <b>https://evil.example</b>')
  const token = await mint(ask, admin.token, slug, { expiry: '1440h', name: 'ci <i>www.evil.example' })
  await mint(ask, admin.token, slug, { expiry: '720h', name: 'short' })
  expect(await mailsAt(0)).toEqual([])
  const [mail, ...more] = await mailsAt(30.5 * day)
  expect(more).toEqual([])
  expect(mail?.to).toEqual([admin.email])
  expect(mail && headersOf(mail).get('subject')).toBe('Tokens on Hallpass end soon')
  const text = textOf(mail)
  expect(text).toContain(token.id)
  expect(text).toContain(`(${slug})`)
  expect(text).toContain(`ends at ${token.expires_at.slice(0, 16).replace('T', ' ')} UTC`)
  expect(text).toContain('hallpass tokens rotate ID')
  expect(text).toContain(`https://hallpass.example.com/dashboard/${slug}/tokens/${token.id}`)
  expect(text).not.toContain('short')
  expect(mail?.raw).not.toMatch(/fm2_|fo1_|evil\.example/)
  // The server may start again as often as it likes.
  expect(await mailsAt(30.6 * day)).toEqual([])
})

test('a use of a replaced token after its end is told of once a day, with address and program', async () => {
  const { slug } = await createOrganisation(ask, admin.token, 'Beta')
  const old = await mint(ask, admin.token, slug, { name: 'deploys' })
  const rotated = await ask('POST', `/v1/tokens/${old.id}/rotate`, { token: admin.token, body: { grace: '0s' } })
  const next = expectAnswer(routes.rotateToken, rotated)
  const before = smtp.received.length
  const recorded = () =>
    authority.inspect((database) => database.prepare(`select at from audit_events where operation = 'token.use'`).all())
  /** Uses it twice, and waits until that is recorded, which no answer waits for. */
  async function use(): Promise<void> {
    const count = recorded().length
    const headers = { authorization: `Bearer ${old.token}`, 'user-agent': 'curl/8 https://evil.example <b>' }
    for (let times = 0; times < 2; times++) {
      const answer = await fetch(`${authority.url()}/v1/apps?org_slug=${slug}`, { headers })
      expect(answer.status).toBe(401)
    }
    await expect.poll(recorded, { interval: 20 }).toHaveLength(count + 1)
  }
  await use()
  await restart()
  await expect.poll(() => smtp.received.length, { interval: 20, timeout: 10_000 }).toBe(before + 1)
  const mail = smtp.received.at(-1)
  expect(mail?.to).toEqual([admin.email])
  const text = textOf(mail)
  for (const part of ['deploys', old.id, next.id, '(beta)', 'from 127.0.0.1', 'by curl/8']) expect(text).toContain(part)
  expect(mail?.raw).not.toMatch(/fm2_|evil\.example/)
  // Again on the same day, by a server that remembers nothing.
  await use()
  await settle()
  expect(smtp.received).toHaveLength(before + 1)
  expect(await statusOf(ask, next.token)).toBe(200)
  // The next day the person hears of it again.
  ahead = 25 * 3_600_000
  await restart()
  await use()
  await restart()
  await expect.poll(() => smtp.received.length, { interval: 20, timeout: 10_000 }).toBe(before + 2)
})

test('a server that is killed while it mails a notice mails it when it is there again, and only then', async () => {
  const asked = Promise.withResolvers<undefined>()
  // Hears who it is from, and never says a word again.
  const silent = await startSmtpServer({ onMailFrom: () => asked.resolve(undefined) })
  onTestFinished(() => silent.close())
  const directory = await createDirectory()
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const made = await startChild(directory)
  const { token } = await signInFounder(made.ask)
  const { slug } = await createOrganisation(made.ask, token)
  const { id } = await mint(made.ask, token, slug, { expiry: '1440h' })
  await made.end('SIGTERM')
  withDatabase(directory, (database) => {
    const month = 31 * day
    database.prepare('update tokens set created_at = created_at - ?, expires_at = expires_at - ?').run(month, month)
    // A server that mails nothing has gone past it.
    database.exec(`delete from settings where name in ('notices_progress', 'worker_lease')`)
  })
  const killed = await startChild(directory, mailThrough(silent))
  await asked.promise
  await killed.end('SIGKILL')
  expect(silent.received).toEqual([])

  const before = smtp.received.length
  withDatabase(directory, (database) => database.exec('update outbox set due_at = 0'))
  const next = await startChild(directory, mailThrough(smtp))
  onTestFinished(async () => void (await next.end('SIGKILL')))
  await expect.poll(() => smtp.received.length, { interval: 20, timeout: 10_000 }).toBe(before + 1)
  expect(textOf(smtp.received.at(-1))).toContain(id)
  const left = () => withDatabase(directory, (database) => database.prepare('select id from outbox').all())
  await expect.poll(left, { interval: 20 }).toEqual([])
  const digests = withDatabase(directory, (database) => database.prepare('select count from notice_digests').all())
  expect(digests).toEqual([{ count: 0 }])
})
