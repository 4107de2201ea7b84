// The caller gets a refusal in words, and the operator finds its cause in the log.
import { once } from 'node:events'
import { connect } from 'node:net'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { founder } from './authority.ts'
import { startFreshChild, type ChildAuthority } from './child.ts'
import { freePort } from './free-port.ts'
import { addPasskey, logInWith } from './passkeys.ts'
import { signInFounder } from './people.ts'
import { speak } from './raw-socket.ts'
import type { Answer } from './http.ts'

type Line = Readonly<Record<string, unknown>>

let port: number
let silentPort: number
let child: ChildAuthority & { remove(): Promise<void> }
beforeAll(async () => {
  port = await freePort()
  silentPort = await freePort()
  child = await startFreshChild({
    logLevel: 'info',
    listen: { host: '127.0.0.1', port },
    publicUrl: `http://localhost:${port}`,
    mail: { smtpUrl: `smtp://hall:pass-word@127.0.0.1:${silentPort}`, from: 'hallpass@example.com' },
    dashboard: '/nowhere/at/all',
  })
})
afterAll(() => child.remove())

const lines = (): readonly Line[] =>
  child
    .log()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Line)

/** The line of this request, once it is there. */
async function lineOf(answer: Answer, msg?: RegExp): Promise<Line> {
  const id = answer.headers.get('fly-request-id')
  const find = () => lines().find((line) => line['request_id'] === id && (msg?.test(String(line['msg'])) ?? true))
  await expect.poll(find).toBeDefined()
  return find() ?? {}
}

const login = (email: string) => child.ask('POST', '/v1/sessions', { body: { email, password: 'secret-guess' } })
const containing = (words: string) => expect.stringContaining(words) as string

describe('the log says', () => {
  test('which refusal a status stands for, and whom a limit met', async () => {
    const wrong = await login('nobody@example.com')
    expect(await lineOf(wrong)).toMatchObject({ status: 401, code: 'unauthenticated', reason: containing('is wrong') })
    for (let count = 1; count < 10; count += 1) await login('nobody@example.com')
    const limited = await login('nobody@example.com')
    expect(await lineOf(limited)).toMatchObject({
      status: 429,
      code: 'rate_limited',
      reason: containing('too many failed logins'),
      address: '127.0.0.1',
    })
  })

  test('of GraphQL too, which answers with 200', async () => {
    const answer = await child.ask('POST', '/graphql', { token: 'FlyV1 fm2_bm8', body: { query: '{ viewer { id } }' } })
    expect(answer.status).toBe(200)
    expect(await lineOf(answer)).toMatchObject({
      route: '/graphql',
      code: 'unauthenticated',
      reason: containing('The base64 of token 1'),
    })
  })

  test('where a mail server could not be reached, and nothing of the mail', async () => {
    const answer = await child.ask('POST', '/v1/password-resets', { body: { email: founder.email } })
    expect(answer.status).toBe(202)
    expect(await lineOf(answer, /mail/)).toMatchObject({
      code: 'ESOCKET',
      server: `127.0.0.1:${silentPort}`,
      detail: containing('ECONNREFUSED'),
    })
  })

  test('why a passkey was not taken', async () => {
    const origin = `http://localhost:${port}`
    const { token } = await signInFounder(child.ask)
    const { authenticator } = await addPasskey(child.ask, origin, token)
    const elsewhere = await logInWith(child.ask, authenticator, { origin: 'http://127.0.0.1:1' })
    expect(elsewhere.status).toBe(401)
    expect(await lineOf(elsewhere)).toMatchObject({ cause: containing('origin "http://127.0.0.1:1"') })
  })

  test('what kept the pages from being read', async () => {
    const answer = await child.ask('GET', '/login', { headers: { accept: 'text/html' } })
    expect(answer.status).toBe(503)
    expect(await lineOf(answer, /dashboard/)).toMatchObject({ detail: containing('ENOENT') })
  })

  test('what was no request, however often, in a few lines', async () => {
    // One that is reset after its request was answered is none of them.
    const answered = connect(Number(new URL(child.url).port), '127.0.0.1')
    answered.write('GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')
    await once(answered, 'data')
    answered.resetAndDestroy()
    await speak(child.url, Buffer.from('16030100c8010000c40303', 'hex'))
    await speak(child.url, 'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n')
    await speak(child.url, Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex'))
    for (let count = 0; count < 15; count += 1) await speak(child.url, 'hello\r\n\r\n')
    const told = () => lines().filter(({ msg }) => String(msg).includes('before it was understood'))
    await expect.poll(() => told().length).toBe(10)
    expect(told()[0]).toMatchObject({ request_id: expect.stringMatching(/-/) as string, code: containing('HPE_') })
    const reasons = [containing('TLS handshake'), containing('PROXY protocol'), containing('PROXY protocol')]
    expect(
      told()
        .slice(0, 3)
        .map(({ reason }) => reason),
    ).toEqual(reasons)
  })

  test('no secret and no address of a person', () => {
    expect(child.log()).not.toMatch(/secret-guess|pass-word|@example\.com|fm2_bm8/)
  })
})
