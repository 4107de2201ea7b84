// Mail goes through the outbox: what no server took is sent later, once, even if the authority was restarted.
import { rm } from 'node:fs/promises'

import { routes } from '@hallpass/client/contract'
import { expect, onTestFinished, test } from 'vitest'

import {
  headersOf,
  partsOf,
  startSmtpServer,
  type ReceivedMail,
  type TestSmtpServer,
} from '../packages/authority/src/mail/testing/smtp.ts'
import { createDirectory, startAuthority, withDatabase } from './authority.ts'
import { startChild } from './child.ts'
import { expectAnswer } from './http.ts'
import { createOrganisation, inviteFully, signInFounder, unique } from './people.ts'

const from = 'Hallpass <hallpass@example.com>'
const through = ({ port }: TestSmtpServer) => ({ smtpUrl: `smtp://127.0.0.1:${port}`, from, interval: 50 })
/** As if it were long after. */
const makeDue = (directory: string) =>
  withDatabase(directory, (database) => database.exec('update outbox set due_at = 0'))
const waiting = (directory: string) =>
  withDatabase(directory, (database) => database.prepare('select tries, payload from outbox').all())

/** A mail server that refuses what `refuse` says. */
async function startSmtp(options: Parameters<typeof startSmtpServer>[0] = {}): Promise<TestSmtpServer> {
  const server = await startSmtpServer(options)
  onTestFinished(() => server.close())
  return server
}

async function mailTo(email: string, { received }: TestSmtpServer): Promise<ReceivedMail> {
  const mails = () => received.filter(({ to }) => to.includes(email))
  await expect.poll(() => mails().length, { interval: 20 }).toBe(1)
  const [mail] = mails()
  if (mail === undefined) throw new Error('no mail has come')
  return mail
}

const codeIn = (mail: ReceivedMail) => /\/invite#(\S+)/.exec(partsOf(mail).get('text/plain') ?? '')?.[1] ?? ''

test('an invitation that no mail server took is mailed later, with a link that was good all the time', async () => {
  let isOpen = false
  const smtp = await startSmtp({
    onMailFrom: (_address, _session, done) =>
      isOpen ? done() : done(Object.assign(new Error('not today'), { responseCode: 451 })),
  })
  const authority = await startAuthority({ mail: through(smtp) })
  onTestFinished(() => authority.close())
  const { ask, directory } = authority
  const { token } = await signInFounder(ask)
  const { slug } = await createOrganisation(ask, token)
  const email = `${unique('bob')}@example.com`
  expect((await inviteFully(ask, token, slug, { email })).mailed).toBe(false)
  const [task] = waiting(directory)
  expect(task).toMatchObject({ tries: 0 })
  // The database must not show a link that lets somebody in.
  expect(Buffer.from(task?.['payload'] as Uint8Array).toString('latin1')).not.toMatch(/invite|example\.com/)

  // It is tried again, and fails again.
  makeDue(directory)
  await expect.poll(() => waiting(directory)).toMatchObject([{ tries: 1 }])
  isOpen = true
  await authority.restart((database) => database.exec('update outbox set due_at = 0'))
  const mail = await mailTo(email, smtp)
  expect(headersOf(mail).get('message-id')).toMatch(/^<[0-9a-f]{32}@example\.com>$/)
  const preview = await ask('POST', '/v1/invitations/preview', { body: { invitation: codeIn(mail) } })
  expect(expectAnswer(routes.previewInvitation, preview).email).toBe(email)
  await expect.poll(() => waiting(directory)).toEqual([])
})

test('an authority that is killed while it mails an invitation mails it when it is there again', async () => {
  const asked = Promise.withResolvers<undefined>()
  // Hears who it is from, and never says a word again.
  const silent = await startSmtp({ onMailFrom: () => asked.resolve(undefined) })
  const directory = await createDirectory()
  onTestFinished(() => rm(directory, { recursive: true, force: true }))
  const first = await startChild(directory, { mail: through(silent) })
  const { token } = await signInFounder(first.ask)
  const { slug } = await createOrganisation(first.ask, token)
  const email = `${unique('bob')}@example.com`
  const answer = expect(inviteFully(first.ask, token, slug, { email })).rejects.toThrow()
  await asked.promise
  await first.end('SIGKILL')
  await answer

  makeDue(directory)
  const smtp = await startSmtp()
  const second = await startChild(directory, { mail: through(smtp) })
  onTestFinished(async () => void (await second.end('SIGKILL')))
  const mail = await mailTo(email, smtp)
  const preview = await second.ask('POST', '/v1/invitations/preview', { body: { invitation: codeIn(mail) } })
  expect(expectAnswer(routes.previewInvitation, preview).email).toBe(email)
  await expect.poll(() => waiting(directory)).toEqual([])
})
