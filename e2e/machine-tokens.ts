// Tests of machines' own tokens with real containers: what is seen at /.fly, who answers there, and with what it ends.
import { readdir } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { reasonWithoutAsk } from '../packages/engine/src/testing/busybox.ts'
import type { Dockerd } from '../packages/engine/src/testing/dockerd.ts'
import type { Answer, Ask } from './http.ts'

export interface TokenWorld {
  readonly dockerd: Dockerd
  readonly ask: Ask
  /** Of an organization that has the app `sibling`. */
  readonly token: string
  readonly mint: () => Promise<string>
  /** Kills the authority, and starts it again. */
  readonly restart: () => Promise<void>
  /** Where the authority keeps what is in memory alone. */
  readonly runtime: string
}

const machines = '/v1/apps/sibling/machines'

interface Told {
  readonly id: string
  readonly state: string
  readonly stdout: string
  readonly tokens: readonly { readonly name: string; readonly machine: string | null }[]
}
const told = ({ body }: Answer) => body as Told

const missing = reasonWithoutAsk()

/** A program in a machine asks at the machine's own socket, over any engine. */
export function testFromInside(
  getWorld: () => { readonly ask: Ask; readonly token: string; readonly app: string; readonly image: string },
): void {
  const name = 'a program inside a machine reaches its own machine and no other, and stops it'
  it.skipIf(missing !== undefined)(missing === undefined ? name : `${name}, skipped: ${missing}`, async () => {
    const { ask, token, app, image } = getWorld()
    async function call(method: string, path: string, body?: unknown): Promise<unknown> {
      const answer = await ask(method, `/v1/apps/${app}${path}`, { token, body })
      expect(answer.status, answer.text).toBe(200)
      return answer.body
    }
    async function create(script: string, own: object): Promise<string> {
      const config = { image, init: { exec: ['sh', '-c', script] }, restart: { policy: 'no' }, ...own }
      return ((await call('POST', '/machines', { config })) as Told).id
    }
    const sibling = await create('sleep 1000', {})
    const [all, own] = [`/v1/apps/${app}/machines`, `/v1/apps/${app}/machines/$FLY_MACHINE_ID`]
    const script = `ask GET ${own}; ask GET ${all}/${sibling}; ask POST ${own}/stop; exec sleep 1000`
    const id = await create(script, { token: {} })
    await call('GET', `/machines/${id}/wait?state=stopped&timeout=60`)
    const { lines } = (await call('GET', `/logs?machine=${id}`)) as { lines: readonly { message: string }[] }
    const said = lines.map(({ message }) => message.trim())
    expect(said).toEqual(['HTTP/1.1 200 OK', 'HTTP/1.1 403 Forbidden', 'HTTP/1.1 200 OK'])
    const events = (await call('GET', `/machines/${id}/events`)) as readonly { type: string; request?: object }[]
    expect(events.find(({ type }) => type === 'exit')?.request).toMatchObject({ exit_event: { requested_stop: true } })
    for (const one of [id, sibling]) await call('DELETE', `/machines/${one}?force=true`)
    for (const one of [id, sibling]) await call('GET', `/machines/${one}/wait?state=destroyed&timeout=60`)
  })
}

export function describeOwnTokens(getWorld: () => TokenWorld): void {
  const ask: Ask = (...asked) => getWorld().ask(...asked)
  const stateOf = async (id: string) => told(await ask('GET', `${machines}/${id}`, { token: getWorld().token })).state
  const reach = async (id: string, state: string) => expect.poll(() => stateOf(id), { timeout: 30_000 }).toBe(state)

  async function run(token: string, own: object | undefined): Promise<string> {
    const init = { exec: ['sleep', '1000'] }
    const config = { image: 'test/busybox:1', init, ...(own === undefined ? {} : { token: own }) }
    const made = await ask('POST', machines, { token, body: { config } })
    expect(made.status, made.text).toBe(200)
    const { id } = told(made)
    await reach(id, 'started')
    return id
  }
  async function exec(id: string, ...command: readonly string[]): Promise<string> {
    return told(await ask('POST', `${machines}/${id}/exec`, { token: getWorld().token, body: { command } })).stdout
  }
  /** The socket as the machine's main process sees it. */
  async function socketOf(id: string): Promise<string> {
    const { client } = getWorld().dockerd
    const query = { filters: JSON.stringify({ status: ['running'] }) }
    const { value } = await client.ask<{ Id: string; Names: string[] }[]>({ path: ['containers', 'json'], query })
    const found = value.find(({ Names }) => Names.some((name) => name.includes(id)))
    const one = await client.ask<{ State: { Pid: number } }>({ path: ['containers', found?.Id ?? '', 'json'] })
    return `/proc/${one.value.State.Pid}/root/.fly/api`
  }
  /** Asks at a socket, without a credential if none is given. */
  function askAt(socketPath: string, method: string, path: string, authorization?: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const headers = authorization === undefined ? {} : { authorization }
      const asked = request({ socketPath, method, path, headers }, (response) => {
        let text = ''
        response.on('data', (chunk) => (text += String(chunk)))
        response.on('end', () => {
          const body: unknown = text.startsWith('{') ? JSON.parse(text) : undefined
          resolve({ status: response.statusCode ?? 0, headers: new Headers(), text, body })
        })
      })
      asked.on('error', reject)
      asked.end()
    })
  }

  describe('a machine with a token of its own', () => {
    it('may do to itself what was asked for, from within alone, and nothing to others', async () => {
      const { token } = getWorld()
      const source = { type: 'FlySrc', body: { organization: 'staging', app: 'sibling' } }
      const [id, sibling] = [await run(token, {}), await run(token, { caveats: [source] })]
      const plain = await run(token, undefined)
      expect(await exec(plain, 'ls', '-a', '/')).not.toContain('.fly')
      expect(await exec(id, 'stat', '-c', '%a %F', '/.fly/token', '/.fly/api')).toBe('444 regular file\n666 socket\n')
      expect(await exec(id, 'sh', '-c', 'echo x 2>/dev/null >/.fly/token || echo refused')).toBe('refused\n')
      const held = await exec(id, 'cat', '/.fly/token')
      expect(held).toMatch(/^FlyV1 fm2_\S+$/)
      const [socket, another] = [await socketOf(id), await socketOf(sibling)]

      const current = await askAt(socket, 'GET', '/v1/tokens/current')
      const wanted = { org_slug: 'staging', restricted_to_machine: id, source_machine_id: id }
      expect(current.body).toEqual({ tokens: [expect.objectContaining(wanted)] })
      const own = `${machines}/${id}`
      expect((await askAt(socket, 'GET', own)).body).toMatchObject({ id, config: { token: {} } })
      expect((await askAt(socket, 'GET', own, held)).status).toBe(200)
      expect((await askAt(socket, 'GET', own, token)).status).toBe(200)
      expect((await askAt(another, 'GET', `${machines}/${sibling}`)).status).toBe(200)
      const refused = [
        askAt(socket, 'POST', `${machines}/${sibling}/stop`),
        askAt(socket, 'GET', '/v1/orgs/staging/tokens'),
        askAt(another, 'GET', own),
        askAt(another, 'GET', own, held),
        ask('GET', own, { token: held }),
        ...['/v1/tokens/current', '/v1/orgs', '/v1/platform/regions'].map((path) => ask('GET', path, { token: held })),
        askAt(another, 'GET', '/v1/tokens/current', held),
      ]
      const statuses = (await Promise.all(refused)).map(({ status }) => status)
      expect(statuses).toEqual(refused.map(() => 403))
      // A service is asked about a token that came to it, so it says from where that came, also at a socket.
      const asks = (source: string | undefined) => {
        const access = { org_slug: 'staging', app_name: 'sibling', machine_id: id, action: 'r', source_machine: source }
        return ask('POST', '/v1/tokens/authorize', { body: { header: held, access } })
      }
      expect((await Promise.all([id, sibling, undefined].map(asks))).map(({ status }) => status)).toEqual([
        200, 403, 403,
      ])
      for (const path of ['/healthz', '/metrics', '/graphql', '/v1/users/me', '/', '/openapi.json']) {
        expect((await askAt(socket, 'GET', path)).status, path).toBe(404)
      }
      const listed = await ask('GET', '/v1/apps/sibling/tokens', { token })
      const found = told(listed).tokens.filter(({ machine }) => machine !== null)
      const names = [`Machine sibling/${id}`, `Machine sibling/${sibling}`]
      expect(found.map(({ name }) => name).toSorted()).toEqual(names.toSorted())

      expect((await askAt(socket, 'POST', `${own}/stop`)).status).toBe(200)
      await reach(id, 'stopped')
      await ask('DELETE', `${machines}/${sibling}?force=true`, { token })
      await reach(sibling, 'destroyed')
      const ended = await ask('GET', '/v1/apps/sibling/tokens?state=revoked', { token })
      expect(told(ended).tokens).toContainEqual(
        expect.objectContaining({ machine: sibling, revoked_by: `the end of machine ${sibling}` }),
      )
      for (const one of [id, plain]) await ask('DELETE', `${machines}/${one}?force=true`, { token })
      await reach(id, 'destroyed')
      await expect.poll(foldersLeft).toEqual([])
    })

    it('goes on after the authority was killed, until the token that created it is revoked', async () => {
      const { mint, restart, token } = getWorld()
      const minter = await mint()
      const id = await run(minter, { caveats: [{ type: 'Action', body: 'r' }] })
      const [own, socket] = [`${machines}/${id}`, await socketOf(id)]
      expect((await askAt(socket, 'GET', own)).status).toBe(200)
      expect((await askAt(socket, 'POST', `${own}/stop`)).status).toBe(403)
      await restart()
      const status = () =>
        askAt(socket, 'GET', own).then(
          (answer) => answer.status,
          () => 0,
        )
      await expect.poll(status, { timeout: 10_000 }).toBe(200)
      expect((await ask('POST', '/v1/tokens/revoke', { token, body: { token: minter } })).status).toBe(200)
      expect(await status()).toBe(401)
      expect((await askAt(socket, 'GET', own, token)).status).toBe(200)
      await ask('DELETE', `${own}?force=true`, { token })
      await reach(id, 'destroyed')
      await expect.poll(foldersLeft).toEqual([])
    })

    async function foldersLeft(): Promise<readonly string[]> {
      const { runtime } = getWorld()
      const places = await readdir(runtime)
      return (await Promise.all(places.map((place) => readdir(join(runtime, place))))).flat()
    }
  })
}
