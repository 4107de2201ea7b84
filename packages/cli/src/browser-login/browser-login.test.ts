// A login through the browser waits for its code by no clock: that of this machine may be far from the authority's.
import { PassThrough } from 'node:stream'

import { createClient } from '@hallpass/client'
import { expect, onTestFinished, test } from 'vitest'

import type { Context } from '../context.ts'
import { session } from '../testing/answers.ts'
import { startServer } from '../testing/hallpass.ts'
import { logInThroughBrowser } from './browser-login.ts'

test('takes the code although the login has ended by the clock of this machine', async () => {
  const server = await startServer()
  onTestFinished(() => server.close())
  const asked = Promise.withResolvers<{ state: string; redirect_port: number }>()
  const page = Promise.withResolvers<undefined>()
  server.answer(({ line }) =>
    line === 'POST /v1/cli-logins'
      ? [201, { id: 'l-1', auth_url: `${server.url}/page`, expires_at: '2001-01-01T00:00:00.000Z' }]
      : [201, session],
  )
  const client = createClient({
    url: server.url,
    fetch(url, init) {
      // The first request counts.
      asked.resolve(JSON.parse(String(init?.body)) as { state: string; redirect_port: number })
      return fetch(url, init)
    },
  })
  const stderr = { write: (text: string) => (text.includes('/page') ? page.resolve(undefined) : undefined) }
  const [stdin, stdout] = [new PassThrough(), new PassThrough()]
  const context = { environment: {}, process: { stderr }, stdin, stderr: stdout, now: () => new Date() }
  const loggedIn = logInThroughBrowser(context as unknown as Context, client)
  const { state, redirect_port: port } = await asked.promise
  await page.promise
  await fetch(`http://127.0.0.1:${port}/callback?state=${state}&code=${'a'.repeat(43)}`, { redirect: 'manual' })
  expect(await loggedIn).toEqual(session)
})
