// Answers with lists: a crowd that asks for many at once keeps nobody of another network waiting for all of them.
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { startAuthority, type TestAuthority } from './authority.ts'
import { expectAnswer } from './http.ts'
import { createOrganisation, mint, signInFounder } from './people.ts'

let authority: TestAuthority
let token: string
let path: string
const crowdSize = 25
const pipelined = 8
const tokens = 300
beforeAll(async () => {
  // Behind a proxy that says who asks, every client can be of another network.
  authority = await startAuthority({ trustedProxies: ['127.0.0.1'] })
  const admin = await signInFounder(authority.ask)
  const { slug } = await createOrganisation(authority.ask, admin.token)
  token = admin.token
  path = `/v1/orgs/${slug}/tokens?limit=1000`
  await Promise.all(Array.from({ length: tokens }, () => mint(authority.ask, token, slug)))
})
afterAll(() => authority.close())

/** Sends requests without waiting for answers, and counts what comes. */
function crowd(): { readonly sockets: readonly Socket[]; readonly answered: () => number } {
  const { hostname, port } = new URL(authority.url())
  const head = `GET ${path} HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 203.0.113.1\r\nauthorization: Bearer ${token}\r\n\r\n`
  let answered = 0
  const sockets = Array.from({ length: crowdSize }, () => {
    const socket = connect(Number(port), hostname)
    socket.setEncoding('latin1').on('data', (text: string) => {
      answered += text.split('HTTP/1.1 200').length - 1
    })
    socket.write(head.repeat(pipelined))
    return socket
  })
  return { sockets, answered: () => answered }
}

test('a page is made before those that a crowd of another network asked for earlier', async () => {
  const { sockets, answered } = crowd()
  try {
    // Once one is answered, all are begun.
    await new Promise<void>((resolve) => sockets.forEach((socket) => socket.once('data', () => resolve())))
    const headers = { 'x-forwarded-for': '198.51.100.1' }
    const answer = await authority.ask('GET', path, { token, headers })
    const before = answered()
    expect(expectAnswer(routes.listOrganisationTokens, answer).tokens).toHaveLength(tokens)
    expect(before).toBeLessThan((crowdSize * pipelined) / 2)
  } finally {
    for (const socket of sockets) socket.destroy()
  }
})
