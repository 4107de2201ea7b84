// Answers with lists: a crowd that asks for many at once keeps nobody of another network waiting for all of them, and the
// longest are sent as they are read.
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect, Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { createDirectory, startAuthority, withDatabase, type TestAuthority } from './authority.ts'
import { startChild } from './child.ts'
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

test('a list of machines is sent as it is read: however long it is and however slowly it is taken, little of it is held', async () => {
  const count = 10_000
  const directory = await createDirectory()
  // All of them are 40 MB, without what a program makes of them.
  const child = await startChild(directory, { engine: 'none' }, ['--max-old-space-size=80'])
  const sockets: Socket[] = []
  try {
    const { token: person } = await signInFounder(child.ask)
    const { slug } = await createOrganisation(child.ask, person)
    await child.ask('POST', '/v1/apps', { token: person, body: { app_name: 'web', org_slug: slug } })
    withDatabase(directory, (database) => {
      database
        .prepare(
          `with recursive numbers (i) as (select 0 union all select i + 1 from numbers where i + 1 < ?)
          insert into machines (id, organisation_id, app_id, name, region, state, version, config, metadata, is_cordoned,
            has_secrets, launches, runs, restarts, tries, last_event_id, created_at, updated_at)
          select printf('%014x', i), organisation_id, id, 'machine-' || i, 'local', 'stopped', 'v',
            json_object('image', 'busybox', 'env', json_object('A', hex(zeroblob(2048)))),
            json_object('half', iif(i % 2, 'odd', 'even')), 0, 0, 0, 0, 0, 0, '', 0, 0 from numbers, apps`,
        )
        .run(count)
    })
    const list = '/v1/apps/web/machines'
    const { hostname, port } = new URL(child.url)
    for (let slow = 0; slow < 8; slow += 1) {
      const socket = connect(Number(port), hostname)
      sockets.push(socket)
      socket.write(`GET ${list} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${person}\r\n\r\n`)
      // The answer has begun, and nobody takes the rest.
      const gone = once(socket, 'close').then(() => expect.unreachable('it is no more'))
      gone.catch(() => {})
      await Promise.race([once(socket, 'data'), gone])
      socket.pause()
    }
    const ids = async (query: string) =>
      expectAnswer(routes.listMachines, await child.ask('GET', `${list}${query}`, { token: person })).map(
        ({ id }) => id,
      )
    const all = Array.from({ length: count }, (_, i) => i.toString(16).padStart(14, '0'))
    expect(await ids('')).toEqual(all)
    expect(await ids('?summary=true&metadata.half=odd')).toEqual(all.filter((_, i) => i % 2 === 1))
    expect(await ids('?state=started')).toEqual([])
    // A credential that may no longer see it does not get the end.
    await child.ask('DELETE', `/v1/apps/web?force=true`, { token: person })
    const [first] = sockets
    let received = ''
    first
      ?.setEncoding('latin1')
      .on('data', (text: string) => void (received += text))
      .resume()
    await once(first ?? new Socket(), 'close')
    expect(received.length).toBeGreaterThan(0)
    expect(received.endsWith('0\r\n\r\n')).toBe(false)
  } finally {
    for (const socket of sockets) socket.destroy()
    await child.end('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
})
