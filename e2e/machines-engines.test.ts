// The life of a machine at the door of an authority that people started, over Podman, a cluster and the local engine. What a
// Docker Engine does in addition is tested in the files beside this one.
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { founder, withDatabase } from './authority.ts'
import { arrive, type Place, type Served } from './hallpass.ts'
import { createAsk } from './http.ts'
import {
  kubernetesEngine,
  localEngine,
  podmanEngine,
  settingsOfClusters,
  type StartedEngine,
} from './machine-engines.ts'
import { testFromInside } from './machine-tokens.ts'
import { createApp, createOrganisation, mint, signIn } from './people.ts'

interface Event {
  readonly type: string
  readonly status: string
  readonly request?: { readonly exit_event?: Readonly<Record<string, unknown>> }
}

describe.each([podmanEngine, kubernetesEngine, localEngine])(
  'machines over $name',
  ({ missing, start, sharesFolders }) => {
    describe.skipIf(missing !== undefined)(
      missing === undefined ? 'at the door' : `at the door, skipped: ${missing}`,
      () => {
        let engine: StartedEngine
        let place: Place
        let served: Served
        let runtime: string
        let token = ''
        const ask = createAsk(() => served.url)

        async function serve(): Promise<void> {
          const words = ['--data', join(place.directory, 'data'), '--engine', engine.setting, '--machines-rate', 'none']
          served = await place.serve(words, {
            HALLPASS_BOOTSTRAP_EMAIL: founder.email,
            HALLPASS_BOOTSTRAP_PASSWORD: founder.password,
            RUNTIME_DIRECTORY: runtime,
            HALLPASS_POD_SECURITY: settingsOfClusters.podSecurity,
            HALLPASS_POD_NETWORK: settingsOfClusters.podNetwork,
          })
        }
        beforeAll(async () => {
          place = await arrive()
          runtime = await mkdtemp('/dev/shm/hallpass-e2e-')
          engine = await start(join(place.directory, 'data'))
          await serve()
          const person = await signIn(ask, founder)
          await createOrganisation(ask, person.token, 'Staging')
          await createApp(ask, person.token, 'staging', 'web')
          token = (await mint(ask, person.token, 'staging')).token
        })
        afterAll(async () => {
          await served?.stop('SIGKILL')
          await engine?.stop()
          await place?.leave()
          await rm(runtime, { recursive: true })
        })

        async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
          const answer = await ask(method, `/v1/apps/web/machines${path}`, { token, body })
          expect(answer.status, answer.text).toBe(200)
          return answer.body as T
        }
        async function create(script: string, config: object = {}): Promise<string> {
          const init = { exec: ['sh', '-c', script] }
          const guest = { cpu_kind: 'shared', cpus: 1, memory_mb: 256 }
          const whole = { image: engine.image, init, guest, restart: { policy: 'no' }, ...config }
          return (await call<{ id: string }>('POST', '', { config: whole })).id
        }
        const reach = (id: string, state: string) => call('GET', `/${id}/wait?state=${state}&timeout=60`)
        async function exec(id: string, script: string): Promise<string> {
          const body = { command: ['sh', '-c', script] }
          return (await call<{ stdout: string }>('POST', `/${id}/exec`, body)).stdout.trim()
        }
        const eventsOf = async (id: string) => (await call<Event[]>('GET', `/${id}/events`)).toReversed()
        const told = async (id: string) => (await eventsOf(id)).map(({ type, status }) => `${type} ${status}`)
        const exitOf = async (id: string) =>
          (await eventsOf(id)).findLast(({ type }) => type === 'exit')?.request?.exit_event
        async function linesOf(id: string): Promise<readonly string[]> {
          const answer = await ask('GET', `/v1/apps/web/logs?machine=${id}`, { token })
          return (answer.body as { lines: { stream: string; message: string }[] }).lines.map(
            ({ stream, message }) => `${stream} ${message}`,
          )
        }
        const talks = 'echo "it is $COLOR"; echo trouble >&2; trap "exit 3" TERM; while :; do sleep 0.1; done'

        test('one is created, commanded, stopped, started again, updated, suspended and destroyed', async () => {
          const id = await create(talks, { env: { COLOR: 'red' } })
          await reach(id, 'started')
          expect(await exec(id, 'touch /mark; echo $COLOR $FLY_MACHINE_ID')).toBe(`red ${id}`)
          const { logStreams } = await engine.open().capabilities()
          const errors = logStreams ? 'stderr' : 'stdout'
          expect((await linesOf(id)).toSorted()).toEqual([`${errors} trouble`, 'stdout it is red'].toSorted())
          await call('POST', `/${id}/stop`, { signal: 'SIGTERM' })
          await reach(id, 'stopped')
          expect(await exitOf(id)).toMatchObject({ exit_code: 3, requested_stop: true, oom_killed: false })
          await call('POST', `/${id}/start`)
          await reach(id, 'started')
          expect(await exec(id, 'test -e /mark || echo fresh')).toBe('fresh')
          const { config } = await call<{ config: object }>('GET', `/${id}`)
          const updated = await call<{ instance_id: string }>('POST', `/${id}`, {
            config: { ...config, env: { COLOR: 'blue' } },
          })
          await call('GET', `/${id}/wait?state=started&timeout=60&instance_id=${updated.instance_id}`)
          expect(await exec(id, 'echo $COLOR')).toBe('blue')
          await call('POST', `/${id}/suspend`)
          // An engine that cannot freeze stops it instead.
          await reach(id, (await engine.open().capabilities()).pause ? 'suspended' : 'stopped')
          await call('POST', `/${id}/start`)
          await reach(id, 'started')
          await call('DELETE', `/${id}?force=true`)
          await reach(id, 'destroyed')
          expect(await call('GET', '')).toEqual([])
        })

        test('the exit code, and an end for want of memory, are reported', async () => {
          const [leaves, eats] = [await create('exit 7'), await create('x=0123456789; while :; do x=$x$x; done')]
          await reach(leaves, 'stopped')
          expect(await exitOf(leaves)).toMatchObject({ exit_code: 7, oom_killed: false, requested_stop: false })
          await reach(eats, 'stopped')
          // Podman says that it was killed, and not why.
          const { oomReported } = await engine.open().capabilities()
          expect(await exitOf(eats)).toMatchObject({ exit_code: 137, oom_killed: oomReported })
          for (const id of [leaves, eats]) await call('DELETE', `/${id}?force=true`)
        })

        test('what cannot be run fails its machine, which is not tried again, and says why', async () => {
          const id = await create('', { init: { exec: ['no-such-program'] }, restart: { policy: 'always' } })
          await reach(id, 'failed')
          expect((await exitOf(id))?.['error']).toMatch(/^The command .*cannot be run: /)
          expect((await told(id)).filter((line) => line.startsWith('exit'))).toHaveLength(1)
          const body = { name: 'data', size_gb: 1 }
          const { id: volume } = (await ask('POST', '/v1/apps/web/volumes', { token, body })).body as { id: string }
          const other = await create('', { mounts: [{ volume, path: '/bin/busybox' }] })
          await reach(other, 'failed')
          expect(JSON.stringify(await eventsOf(other))).toMatch(/config\.mounts must lead|mounted at \W*\/bin\/busybox/)
          for (const one of [id, other]) await call('DELETE', `/${one}?force=true`)
        })

        test('a shell ends with the authority that stops, and what ran in it too', async () => {
          const id = await create('sleep 1000')
          await reach(id, 'started')
          const shell = place.begin(['machine', 'exec', '-i', id, 'sh', '-c', 'echo ready >&2; sleep 7775'], {
            env: { HALLPASS_API_URL: served.url, HALLPASS_API_TOKEN: token, FLY_APP: 'web' },
          })
          await expect.poll(shell.stderr).toBe('ready\n')
          expect(await served.stop()).toBe(0)
          expect(await shell.outcome).toEqual({
            code: 1,
            stdout: '',
            stderr: 'ready\nError: the authority is stopping: try again in a moment\n',
          })
          await serve()
          expect(await exec(id, 'ps')).not.toContain('7775')
          await call('DELETE', `/${id}?force=true`)
        })

        if (sharesFolders) testFromInside(() => ({ ask, token, app: 'web', image: engine.image }))

        test('machines outlive an authority that is killed, and what was under way comes to its end', async () => {
          const [stays, ends, stops] = [
            await create('echo before; while [ ! -e /go ]; do sleep 0.05; done; echo after; sleep 1000'),
            await create('while [ ! -e /go ]; do sleep 0.05; done; exit 5'),
            await create('trap "" TERM; sleep 1000'),
          ]
          for (const id of [stays, ends, stops]) await reach(id, 'started')
          await exec(stays, 'touch /mark')
          await call('POST', `/${stops}/stop`, { signal: 'SIGTERM', timeout: '1s' })
          const made = create(talks)
          await exec(ends, '(sleep 0.5; touch /go) >/dev/null 2>&1 &')
          await made
          await served.stop('SIGKILL')
          await serve()
          await reach(await made, 'started')
          await reach(stops, 'stopped')
          await reach(ends, 'stopped')
          expect(await exitOf(ends)).toMatchObject({ exit_code: 5, requested_stop: false })
          expect(await exec(stays, 'test -e /mark && touch /go && echo same')).toBe('same')
          await expect.poll(() => linesOf(stays)).toEqual(['stdout before', 'stdout after'])
          expect(await told(stays)).toEqual(['launch created', 'start started'])
          const all = await call<{ id: string; state: string }[]>('GET', '')
          for (const { id } of all) await call('DELETE', `/${id}?force=true`)
          for (const { id } of all) await reach(id, 'destroyed')
          const owner = withDatabase(join(place.directory, 'data'), (database) =>
            database.prepare("select value from settings where name = 'engine_owner'").get(),
          )
          expect(await engine.open(String(owner?.['value'])).list()).toEqual([])
        })
      },
    )
  },
)
