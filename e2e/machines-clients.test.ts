// The clients that others wrote for the Machines API, npm's fly-admin and Go's flaps, against real containers of a Docker Engine and
// of a cluster, and nowhere but here; and calls that go on.
import { execFile, spawnSync } from 'node:child_process'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { createRequire } from 'node:module'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import type FlyAdmin from 'fly-admin/dist/client.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { routes } from '@hallpass/client/contract'

import { founder, startAuthority, type TestAuthority } from './authority.ts'
import { expectAnswer, expectRefusal } from './http.ts'
import { narrow } from './macaroons.ts'
import { dockerEngine, kubernetesEngine, settingsOfClusters, type StartedEngine } from './machine-engines.ts'
import { testOpenCommands } from './open-commands.ts'
import { createApp, createOrganisation, mint, revoke, signIn } from './people.ts'

// A CommonJS package, whose default loaders find in different places.
const { default: Client } = createRequire(import.meta.url)('fly-admin/dist/client.js') as typeof FlyAdmin
interface SentRequest {
  readonly request: {
    readonly host: string
    readonly socketPath?: string
    readonly getHeader: (name: string) => unknown
  }
}

const goSource = fileURLToPath(new URL('../interop/go-flaps', import.meta.url))
const run = promisify(execFile)

describe.each([dockerEngine, kubernetesEngine])('clients of the Machines API over $name', ({ missing, start }) => {
  describe.skipIf(missing !== undefined)(missing === undefined ? 'here' : `here, skipped: ${missing}`, () => {
    let engine: StartedEngine
    let authority: TestAuthority
    let client: InstanceType<typeof Client>
    /** The hosts that it asks: Node reports each request here first. */
    const asked = new Set<string>()
    function watch(message: unknown): void {
      const { request } = message as SentRequest
      // The authority itself asks its engine.
      if (request.socketPath === undefined && request.getHeader('user-agent') !== 'hallpass') asked.add(request.host)
    }

    beforeAll(async () => {
      engine = await start('')
      config.image = engine.image
      authority = await startAuthority({ engine: engine.setting, machinesRate: Infinity, ...settingsOfClusters })
      const { ask } = authority
      const { token } = await signIn(ask, founder)
      await createOrganisation(ask, token, 'Staging')
      await createApp(ask, token, 'staging', 'web')
      const minted = await mint(ask, token, 'staging')
      // What a machine has beside the fields of the API must not disturb them.
      const labelled = narrow(minted.token, { type: 'RunLabel', agent: 'ci', run: '42', onBehalfOf: '' })
      client = new Client(labelled, { apiUrl: authority.url(), graphqlUrl: authority.url() })
      subscribe('http.client.request.start', watch)
    })
    afterAll(async () => {
      unsubscribe('http.client.request.start', watch)
      await authority?.close()
      await engine?.stop()
    })

    const config = {
      image: '',
      init: { exec: ['sh', '-c', 'trap "echo hup" HUP; trap "exit 0" TERM; while :; do sleep 0.05; done'] },
      restart: { policy: 'no' as never },
      guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 },
      env: { A: 'b' },
    }

    test('fly-admin creates, looks at, updates, stops, starts, leases and destroys a machine', async () => {
      const { Machine } = client
      const made = await Machine.createMachine({ app_name: 'web', name: 'one', region: 'any', config })
      const one = { app_name: 'web', machine_id: made.id }
      expect(made).toMatchObject({ name: 'one', state: 'created', config: { image: config.image, env: { A: 'b' } } })
      expect(made).toMatchObject({ run_labels: [{ agent: 'ci', run: '42' }] })
      const wait = (state: string) => Machine.waitMachine({ ...one, state: state as never, timeout: '30s' })
      expect(await wait('started')).toMatchObject({ ok: true })
      expect(await Machine.listMachines('web')).toMatchObject([{ id: made.id, state: 'started', host_status: 'ok' }])
      expect(await Machine.listMachines({ app_name: 'web', include_deleted: '' })).toHaveLength(1)

      const shown = await Machine.getMachine(one)
      expect(shown).toMatchObject({ instance_id: made.instance_id, image_ref: { tag: '1' } })
      const updated = await Machine.updateMachine({ ...one, config: { ...shown.config, env: { A: 'c' } } })
      expect(updated.instance_id).not.toBe(made.instance_id)
      await wait('started')
      expect((await Machine.listVersions(one)).map(({ version }) => version)).toEqual([
        updated.instance_id,
        made.instance_id,
      ])

      const processes = [await Machine.listProcesses({ ...one, sort_by: 'rss', order: 'desc' })].flat()
      expect(processes.map(({ command }) => command)).toContain(config.init.exec.join(' '))
      expect(processes.map(({ rss }) => rss)).toEqual(processes.map(({ rss }) => rss).toSorted((a, b) => b - a))

      expect(await Machine.signalMachine({ ...one, signal: 'SIGHUP' as never })).toEqual({ ok: true })
      expect(await Machine.cordonMachine(one)).toEqual({ ok: true })
      expect(await Machine.uncordonMachine(one)).toEqual({ ok: true })
      expect(await Machine.stopMachine({ ...one, timeout: '5s' })).toEqual({ ok: true })
      await wait('stopped')
      expect(await Machine.startMachine(one)).toMatchObject({ previous_state: 'stopped' })
      await wait('started')
      expect(await Machine.restartMachine({ ...one, timeout: '5s' })).toEqual({ ok: true })
      await wait('started')
      const events = await Machine.listEvents(one)
      expect(new Set(events.map(({ type }) => type))).toEqual(
        new Set(['launch', 'start', 'update', 'stop', 'exit', 'restart']),
      )

      const { data } = await Machine.acquireLease({ ...one, ttl: 30 })
      expect(await Machine.getLease(one)).toMatchObject({ status: 'success', data: { owner: data.owner, nonce: '' } })
      await expect(Machine.stopMachine(one)).rejects.toThrow(/^409: .*lease currently held by/)
      await authority.ask('DELETE', `/v1/apps/web/machines/${made.id}/lease`, {
        token: client.getApiKey(),
        headers: { 'fly-machine-lease-nonce': data.nonce },
      })
      await expect(Machine.deleteMachine(one)).rejects.toThrow(/^412: .*unable to destroy machine, not currently/)
      expect(await Machine.deleteMachine({ ...one, force: true })).toEqual({ ok: true })
      await wait('destroyed')
      expect(await Machine.listMachines('web')).toEqual([])
    })

    test('fly-admin creates a volume, gives it to a machine, extends and destroys it', async () => {
      const { Machine, Volume } = client
      const asked = { app_name: 'web', name: 'data', region: engine.region, size_gb: 1 }
      const { id } = await Volume.createVolume(asked)
      const one = { app_name: 'web', volume_id: id }
      const mounts = [{ volume: id, path: '/data', encrypted: false, size_gb: 1, name: 'data' }]
      const { id: machine_id } = await Machine.createMachine({
        app_name: 'web',
        config: { ...config, mounts } as never,
      })
      await Machine.waitMachine({ app_name: 'web', machine_id, state: 'started' as never, timeout: '30s' })
      expect(await Volume.listVolumes('web')).toMatchObject([{ id, state: 'created', attached_machine_id: machine_id }])
      expect(await Volume.extendVolume({ ...one, size_gb: 2 })).toMatchObject({ volume: { id, size_gb: 2 } })
      await expect(Volume.deleteVolume(one)).rejects.toThrow(
        new RegExp(`^412: .*"failed_precondition: volume is currently bound to machine: ${machine_id}"`),
      )
      await expect(Machine.createMachine({ app_name: 'web', config: { ...config, mounts } as never })).rejects.toThrow(
        new RegExp(`^412: .*"failed_precondition: volume already claimed by machine ${machine_id}"`),
      )
      await expect(Volume.listSnapshots(one)).rejects.toThrow(/^501: /)
      await Machine.deleteMachine({ app_name: 'web', machine_id, force: true })
      await Machine.waitMachine({ app_name: 'web', machine_id, state: 'destroyed' as never, timeout: '30s' })
      const answer = await authority.ask('GET', '/v1/orgs/staging/volumes', { token: client.getApiKey() })
      expect(answer.body).toMatchObject({ volumes: [{ id, app_name: 'web', attached_machine_id: null }] })
      const begin = await engine.kill?.()
      await expect.poll(() => Volume.getVolume(one)).toMatchObject({ host_status: 'unreachable' })
      await begin?.()
      await expect.poll(() => Volume.getVolume(one)).toMatchObject({ host_status: 'ok' })
      expect(await Volume.deleteVolume(one)).toMatchObject({ id, state: 'destroying' })
      await expect.poll(async () => (await Volume.getVolume(one)).state).toBe('destroyed')
    })

    test('fly-admin gets errors in the words of the original', async () => {
      const { Machine } = client
      const gone = { app_name: 'web', machine_id: '00000000000000' }
      await expect(Machine.getMachine(gone)).rejects.toThrow(/^404: .*machine not found/)
      const wrong = { ...config, guest: { cpu_kind: 'shared', cpus: 3 } }
      await expect(Machine.createMachine({ app_name: 'web', config: wrong })).rejects.toThrow(/^400: .*config\.guest/)
      await expect(Machine.listProcesses(gone)).rejects.toThrow(/^404: .*machine not found/)
    })

    test('fly-admin asked nobody but the authority', () => {
      expect([...asked]).toEqual(['127.0.0.1'])
    })

    describe('commands, logs and waits', () => {
      let machine = ''
      const path = () => `/v1/apps/web/machines/${machine}`
      beforeAll(async () => {
        const script = 'echo first; while [ ! -e /go ]; do sleep 0.05; done; echo second >&2; sleep 1000'
        const made = await client.Machine.createMachine({
          app_name: 'web',
          config: { ...config, init: { exec: ['sh', '-c', script] } },
        })
        machine = made.id
        await client.Machine.waitMachine({ app_name: 'web', machine_id: machine, timeout: '30s' })
      })
      const exec = async (body: object, token = client.getApiKey()) =>
        authority.ask('POST', `${path()}/exec`, { token, body })

      test('a command gets its input, and says how it ended; more than enough of its output is dropped', async () => {
        const answer = await exec({ command: ['sh', '-c', 'cat; echo wrong >&2; exit 7'], stdin: 'in' })
        expect(answer.body).toEqual({ exit_code: 7, exit_signal: 0, stdout: 'in', stderr: 'wrong\n', truncated: false })
        const long = await exec({ cmd: "sh -c 'head -c 1000000 /dev/zero | tr \\\\0 x'" })
        const { stdout, truncated } = expectAnswer(routes.execInMachine, long)
        expect([stdout.length, truncated]).toEqual([256 * 1024, true])
        expectRefusal(await exec({ command: ['sleep', '20'], timeout: 1 }), 408)
      })

      testOpenCommands(() => {
        const { ask, url } = authority
        const token = client.getApiKey()
        return {
          url: url(),
          path: `${path()}/exec/stream`,
          token,
          async mint() {
            const minted = await mint(ask, token, 'staging')
            return { token: minted.token, revoke: () => revoke(ask, token, minted.id) }
          },
          async exec(command) {
            return expectAnswer(routes.execInMachine, await exec({ command })).stdout
          },
          ask: (asked, headers) => ask('GET', asked, { token, headers }),
        }
      })

      test('logs go on where they were read, and can be waited for', async () => {
        const read = async (query: string) => {
          const answer = await authority.ask('GET', `/v1/apps/web/logs?machine=${machine}${query}`, {
            token: client.getApiKey(),
          })
          return expectAnswer(routes.readLogs, answer)
        }
        const first = await read('&wait=25')
        expect(first.lines).toMatchObject([{ machine_id: machine, stream: 'stdout', message: 'first' }])
        const next = read(`&wait=25&next_token=${first.next_token}`)
        await exec({ command: ['touch', '/go'] })
        const { logStreams } = await engine.open().capabilities()
        const stream = logStreams ? 'stderr' : 'stdout'
        expect((await next).lines).toMatchObject([{ stream, message: 'second' }])
        const answer = await authority.ask('GET', '/api/v1/apps/web/logs?next_token=', { token: client.getApiKey() })
        expect(answer.body).toMatchObject({
          data: [{ attributes: { message: 'first', instance: machine } }, { attributes: { message: 'second' } }],
        })
      })

      test('the machines of an organization are shown to each token as far as it reads their apps', async () => {
        const { ask } = authority
        const org = client.getApiKey()
        await createApp(ask, org, 'staging', 'sibling')
        const tokens = await Promise.all(
          ['web', 'sibling'].map(async (app) => (await mint(ask, org, 'staging', { profile: 'deploy', app })).token),
        )
        const seen = [org, ...tokens].map(async (token) => {
          const answer = await ask('GET', '/v1/orgs/staging/machines?state=started', { token })
          return expectAnswer(routes.listOrganisationMachines, answer).machines.map(({ id }) => id)
        })
        expect(await Promise.all(seen)).toEqual([[machine], [machine], []])
      })

      test('a token that is revoked ends what it waits for', async () => {
        const { ask } = authority
        const { token, id } = await mint(ask, client.getApiKey(), 'staging')
        const hanging = [
          exec({ command: ['sleep', '50'], timeout: 60 }, token),
          ask('GET', `${path()}/wait?state=stopped&timeout=60`, { token }),
          ask('GET', `/v1/apps/web/logs?machine=${machine}&wait=25&next_token=${nothingNew(machine)}`, { token }),
        ]
        await exec({ command: ['sh', '-c', 'until pidof sleep; do sleep 0.05; done'] })
        await revoke(ask, client.getApiKey(), id)
        for (const answer of await Promise.all(hanging)) {
          expect(expectRefusal(answer, 401).message).toContain('is revoked')
        }
      })

      test('a token that a limit of its organization blocks ends what it waits for, and is good again after it', async () => {
        const { ask } = authority
        const { token: admin } = await signIn(ask, founder)
        const limit = (longest: string | null) =>
          ask('PATCH', '/v1/orgs/staging/policy', { token: admin, body: { max_token_lifetime: longest } })
        const { token } = await mint(ask, client.getApiKey(), 'staging', { expiry: '2h' })
        const wait = (seconds: number, state: string) =>
          ask('GET', `${path()}/wait?state=${state}&timeout=${seconds}`, { token })
        const hanging = [exec({ command: ['sleep', '51'], timeout: 60 }, token), wait(60, 'stopped')]
        await exec({ command: ['sh', '-c', 'until pidof sleep; do sleep 0.05; done'] })
        await limit('1h')
        for (const answer of await Promise.all(hanging)) expect(expectRefusal(answer, 403).code).toBe('blocked')
        await limit(null)
        expect((await wait(5, 'started')).status).toBe(200)
      })
    })

    const withoutGo = whatGoLacks()
    test.skipIf(withoutGo !== undefined)(`Go's flaps plays a life${withoutGo ?? ''}`, async () => {
      const folder = await mkdtemp(join(tmpdir(), 'hallpass-flaps-'))
      try {
        const program = join(folder, 'flaps')
        await run('go', ['build', '-o', program, '.'], { cwd: goSource })
        const { stdout } = await run(program, ['web', config.image, engine.region], {
          env: { ...process.env, FLY_FLAPS_BASE_URL: authority.url(), FLY_API_TOKEN: client.getApiKey() },
        })
        const steps = stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as GoStep)
        const failed = steps.filter(({ error }) => error !== undefined)
        expect(failed).toMatchObject([
          { step: 'stop without the nonce', error: expect.stringContaining('lease currently held by') as string },
          {
            step: 'delete bound volume',
            error: expect.stringContaining('volume is currently bound to machine') as string,
          },
          { step: 'snapshots', error: expect.stringContaining('does not serve snapshots') as string },
          { step: 'get nothing', not_found: true },
        ])
        const came = new Map(steps.map(({ step, value }) => [step, value]))
        expect(came.get('exec')).toMatchObject({ exit_code: 3, stdout: 'b from Go\n' })
        expect(came.get('metadata')).toEqual({ role: 'worker' })
        expect(came.get('update')).toMatchObject({ config: { env: { A: 'c' } } })
        expect(came.get('extend volume')).toMatchObject({ name: 'go', size_gb: 2 })
        expect(came.get('free volume')).toMatchObject({ attached_machine_id: null, encrypted: false })
        expect(came.get('hosts')).toEqual({ '127.0.0.1': true })
      } finally {
        await rm(folder, { recursive: true })
      }
    })
  })
})

interface GoStep {
  readonly step: string
  readonly value: unknown
  readonly error?: string
  readonly not_found?: boolean
}

/** As if all that there is had been read. */
function nothingNew(machine: string): string {
  return Buffer.from(`${machine}=2099-01-01T00:00:00.000000000Z`).toString('base64url')
}

/** Why the Go program cannot be built here; undefined if it may be tried. */
function whatGoLacks(): string | undefined {
  if (spawnSync('go', ['version']).status !== 0) return ', skipped: there is no go on the PATH'
  const modules = spawnSync('go', ['mod', 'download'], { cwd: goSource, timeout: 60_000 })
  return modules.status === 0 ? undefined : ', skipped: the modules that interop/go-flaps needs cannot be had'
}
