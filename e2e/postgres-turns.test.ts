// One network's crowd does not keep others from PostgreSQL.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { connect } from 'node:net'

import { expect, test } from 'vitest'

import { serve } from '../packages/authority/src/main.ts'
import { reasonWithoutPostgres, startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
import { createDirectory, optionsFor } from './authority.ts'
import { createAsk } from './http.ts'
import { forge } from './macaroons.ts'
import { createOrganisation, mint, signInFounder, statusOf } from './people.ts'

const rootKey = Buffer.alloc(32, 7).toString('base64')

test.skipIf(reasonWithoutPostgres() !== undefined)(
  'a single request waits for a few of a crowd, and not for all of them',
  async () => {
    const server = await startPostgres()
    const directory = await createDirectory()
    const authority = await serve({ ...optionsFor(directory), databaseUrl: server.url, rootKey })
    const ask = createAsk(() => authority.url)
    const person = await signInFounder(ask)
    const { slug } = await createOrganisation(ask, person.token)
    const { token } = await mint(ask, person.token, slug)
    expect(await statusOf(ask, token)).toBe(200)

    // Each request looks its key up.
    const strange = forge(token, { kid: randomBytes(16) })
    const answered: string[] = []
    const answers: Promise<void>[] = []
    async function send(localAddress: string, header: string, requests: number): Promise<void> {
      const socket = connect({ host: '127.0.0.1', port: Number(new URL(authority.url).port), localAddress })
      await once(socket, 'connect')
      const head = `GET /v1/tokens/current HTTP/1.1\r\nhost: a\r\nauthorization: ${header}\r\n\r\n`
      const done = new Promise<void>((resolve) => {
        let left = requests
        socket.on('data', (bytes) => {
          const found = bytes.toString('latin1').match(/HTTP\/1\.1 \d/g) ?? []
          answered.push(...found.map(() => localAddress))
          if ((left -= found.length) === 0) resolve()
        })
      })
      socket.write(head.repeat(requests))
      answers.push(done.finally(() => socket.destroy()))
    }
    const resume = await server.freeze()
    try {
      for (let connection = 0; connection < 40; connection++) await send('127.0.0.1', strange, 8)
      // Each waits behind one request of every connection of this network.
      for (let round = 0; round < 10; round++) expect((await ask('GET', '/healthz')).status).toBe(200)
      await send('127.0.0.2', token, 1)
      expect((await ask('GET', '/healthz')).status).toBe(200)
    } finally {
      resume()
    }
    await Promise.all(answers)
    expect(answered).toHaveLength(321)
    // Ten are asked already, and each of the ten connections may answer a few before the client reads.
    expect(answered.indexOf('127.0.0.2')).toBeLessThan(60)
    await authority.close()
    await server.stop()
    await rm(directory, { recursive: true, force: true })
  },
)
