// A slow mail server holds up nobody for long, and no other authority sends the same mail meanwhile.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { expect, onTestFinished, test } from 'vitest'

import { claimTime, retryAfter } from '../domain/outbox.ts'
import type { Transaction } from '../domain/store.ts'
import { createKeyring } from '../keyring/keyring.ts'
import { RootKey } from '../keyring/root-key.ts'
import { openPostgresStore, openSqliteStore } from '../store/open.ts'
import { overEachEngine } from '../store/testing/engines.ts'
import { startOutbox } from '../workers/outbox.ts'
import { createMailer, type MailFailure } from './mailer.ts'
import { createPostbox } from './postbox.ts'
import { headersOf, startSmtpServer } from './testing/smtp.ts'

const mail = { to: 'new@example.com', subject: 'Join Acme', text: 'Hello', html: '<p>Hello</p>' }

overEachEngine((postgres) => {
  async function openStore() {
    const url = postgres()?.url
    if (url !== undefined) return openPostgresStore({ url })
    const directory = await mkdtemp(join(tmpdir(), 'hallpass-postbox-'))
    onTestFinished(() => rm(directory, { recursive: true }))
    return openSqliteStore({ directory })
  }

  /** Two authorities on one store with a clock of the test, and a mail server that answers when the test says so. */
  async function start({ patience = 20, write = (run: () => Promise<unknown>) => run() } = {}) {
    const store = await openStore()
    onTestFinished(() => store.close())
    const answers: ((error?: Error) => void)[] = []
    const asked = Promise.withResolvers<undefined>()
    let isGood = true
    let atRecipient = (): void => {}
    const ids: string[] = []
    const failures: MailFailure[] = []
    const smtp = await startSmtpServer({
      onRcptTo(_address, _session, done) {
        atRecipient()
        done()
      },
      onData(stream, _session, done) {
        let raw = ''
        stream.setEncoding('utf8').on('data', (chunk: string) => (raw += chunk))
        stream.once('end', () => {
          ids.push(headersOf({ from: '', to: [], raw }).get('message-id') ?? '')
          answers.push(done)
          asked.resolve(undefined)
        })
      },
    })
    onTestFinished(() => smtp.close())
    let now = 1_000
    const keyring = createKeyring(new RootKey(randomBytes(32)), 'https://api.fly.io/v1')
    const options = {
      store: {
        read: store.read.bind(store),
        write: <T>(work: (tx: Transaction) => Promise<T>) => write(() => store.write(work)) as Promise<T>,
      },
      keyring,
      mailer: createMailer({
        server: { host: '127.0.0.1', port: smtp.port, tls: false, requireStartTls: false, credentials: undefined },
        from: 'hallpass@example.com',
        failed: (failure) => failures.push(failure),
        patience,
      }),
      isGood: async () => isGood,
      now: () => now,
      randomBytes,
      renewal: 5,
    }
    const [first, second] = [createPostbox(options), createPostbox(options)]
    const about = { requestId: 'r-1', expiresAt: 1e12, codeHash: randomBytes(32) }
    const posted = await store.write((tx) => first.post(tx, mail, about))
    if (posted === undefined) throw new Error('the outbox is full')
    const worker = startOutbox({
      store,
      perform: (task) => second.deliver(task),
      now: () => now,
      report: () => {},
      interval: 5,
    })
    onTestFinished(() => worker.stop())
    /** Whether nobody else can claim the task. */
    const dueAfter = async (time: number) => !(await store.read((tx) => tx.outbox.isDue(time)))
    return {
      posted,
      first,
      /** Ends the link in the middle of the next try. */
      endMeanwhile: () => (atRecipient = () => (isGood = false)),
      ids,
      failures,
      asked: asked.promise,
      answer: (error?: Error) => answers.shift()?.(error),
      dueAfter,
      advance: (milliseconds: number) => (now += milliseconds),
      now: () => now,
      isEmpty: () => dueAfter(1e11),
    }
  }

  test('the caller waits only for its patience, and one mail is sent', async () => {
    const { posted, ids, asked, answer, dueAfter, advance, now, isEmpty } = await start()
    expect(await posted.send()).toBe(false)
    await asked
    // For ten minutes, in each of which the claim is renewed.
    for (let minute = 0; minute < 10; minute += 1) {
      advance(60_000)
      await expect.poll(() => dueAfter(now() + claimTime - 1)).toBe(true)
    }
    expect(ids).toHaveLength(1)
    answer()
    await expect.poll(isEmpty).toBe(true)
    expect(ids).toHaveLength(1)
  })

  test('a renewal of the claim that is late does not put off the next try', async () => {
    const [begun, held, done] = [0, 1, 2].map(() => Promise.withResolvers<void>())
    let writes = 0
    const { posted, asked, answer, failures, dueAfter, now } = await start({
      patience: 600_000,
      async write(run) {
        if ((writes += 1) > 1) return run()
        begun?.resolve()
        await held?.promise
        return run().finally(() => done?.resolve())
      },
    })
    const sent = posted.send()
    await asked
    await begun?.promise
    answer(Object.assign(new Error('not now'), { responseCode: 451 }))
    await expect.poll(() => failures.length).toBe(1)
    for (let turn = 0; turn < 20; turn += 1) await nextTurn()
    held?.resolve()
    expect(await sent).toBe(false)
    await done?.promise
    expect(await dueAfter(now() + retryAfter(0))).toBe(false)
  })

  test('a second copy has the Message-ID of the first', async () => {
    const { posted, ids, asked, answer, advance, isEmpty } = await start({ patience: 600_000 })
    const sent = posted.send()
    await asked
    answer(Object.assign(new Error('not now'), { responseCode: 451 }))
    expect(await sent).toBe(false)
    // Once, and no more than a claim lasts: the second try is claimed too.
    advance(claimTime)
    await expect.poll(() => ids.length).toBe(2)
    answer()
    await expect.poll(isEmpty).toBe(true)
    expect(ids[0]).toMatch(/^<[0-9a-f]{32}@example\.com>$/)
    expect(ids[1]).toBe(ids[0])
  })

  test('a link that ends during its own try is not mailed, and nobody tries it again', async () => {
    const { posted, ids, endMeanwhile, failures, isEmpty } = await start({ patience: 600_000 })
    endMeanwhile()
    expect(await posted.send()).toBe(false)
    await expect.poll(isEmpty).toBe(true)
    expect(ids).toEqual([])
    expect(failures).toEqual([])
  })

  test('an authority that stops cancels tries in progress, and the next start repeats them', async () => {
    const { posted, first, ids, asked, answer, advance, isEmpty } = await start()
    const sent = posted.send()
    await asked
    await first.stop()
    expect(await sent).toBe(false)
    advance(claimTime)
    await expect.poll(() => ids.length).toBe(2)
    answer()
    answer()
    await expect.poll(isEmpty).toBe(true)
  })
})
