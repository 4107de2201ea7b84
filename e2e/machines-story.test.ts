// Machines that really run, under an org token: the command line, then plain HTTP with tokens that may less.
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { withDatabase } from './authority.ts'
import { arrive, type Outcome, type Place, type Served } from './hallpass.ts'
import { createAsk, type Answer } from './http.ts'
import { dockerEngine, kubernetesEngine, settingsOfClusters, type StartedEngine } from './machine-engines.ts'
import { describeOwnTokens, testFromInside } from './machine-tokens.ts'
import { testShells } from './machine-terminal.ts'

/** Commands that cannot be run, with the exit codes of a shell. */
const unable = [
  ['no-such-program', 127],
  ['', 127],
  ['/tmp', 126],
] as const
/** The steps that only look. */
const reading: ReadonlySet<string> = new Set(['list', 'show', 'graphql', 'wait', 'logs'])

describe.each([dockerEngine, kubernetesEngine])(
  'machines over $name',
  ({ missing, sharesFolders, start: startEngine }) => {
    describe.skipIf(missing !== undefined)(
      missing === undefined ? 'tell their story' : `tell their story, skipped: ${missing}`,
      () => {
        let engine: StartedEngine
        let image = ''
        let place: Place
        let served: Served
        let runtime: string
        /** Of the organization `staging`, made as the story says. */
        let token = ''
        const ids = { talker: '', leaver: '', glutton: '' }

        const hallpass = (words: readonly string[], credential?: string): Promise<Outcome> =>
          place.run(words, {
            env: {
              HALLPASS_API_URL: served.url,
              FLY_APP: 'jobs',
              ...(credential === undefined ? {} : { HALLPASS_API_TOKEN: credential }),
            },
          })
        const ask = createAsk(() => served.url)
        const withToken = (...words: readonly string[]) => hallpass(words, token)
        async function done(words: readonly string[], credential?: string): Promise<string> {
          const outcome = await hallpass(words, credential)
          expect(outcome.code, outcome.stdout + outcome.stderr).toBe(0)
          return outcome.stdout.trim()
        }

        async function start(): Promise<void> {
          const words = ['--engine', engine.setting, '--machines-rate', 'none']
          served = await place.serve(['--data', join(place.directory, 'data'), ...words], {
            HALLPASS_BOOTSTRAP_EMAIL: 'ada@example.com',
            HALLPASS_BOOTSTRAP_PASSWORD: 'correct horse battery',
            RUNTIME_DIRECTORY: runtime,
            HALLPASS_POD_SECURITY: settingsOfClusters.podSecurity,
            HALLPASS_POD_NETWORK: settingsOfClusters.podNetwork,
          })
        }

        beforeAll(async () => {
          place = await arrive()
          engine = await startEngine(join(place.directory, 'data'))
          image = engine.image
          runtime = await mkdtemp('/dev/shm/hallpass-e2e-')
          await start()
          const login = await place.run(['auth', 'login', '--email', 'ada@example.com', '--password-stdin'], {
            env: { HALLPASS_API_URL: served.url },
            stdin: 'correct horse battery\n',
          })
          expect(login.code, login.stderr).toBe(0)
          await done(['orgs', 'create', 'Staging'])
          await done(['orgs', 'create', 'Elsewhere'])
          token = await done(['tokens', 'create', 'org', '-o', 'staging'])
          await done(['apps', 'create', 'jobs', '-o', 'staging'], token)
          await done(['apps', 'create', 'sibling', '-o', 'staging'], token)
          token = await done(['tokens', 'attenuate', '--agent', 'story', '--on-behalf-of', 'Ada L.'], token)
        })
        afterAll(async () => {
          await place?.leave()
          await engine?.stop()
          await rm(runtime, { recursive: true })
        })

        it('runs three machines, and waits until they have started', async () => {
          const talk = 'echo "hello of $COLOR"; echo trouble >&2; trap "exit 0" INT TERM; while :; do sleep 1; done'
          const talker = await withToken('machine', 'run', '-n', 'talker', '-e', 'COLOR=red', image, 'sh', '-c', talk)
          ids.talker = talker.stdout.trim()
          expect(talker).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{14}\n$/) })
          expect(talker.stderr).toMatch(/^(?:Machine \S+ is (?:created|starting)\n)*Machine \S+ is started\n/)

          // They end by themselves, before or after somebody looks.
          const run = async (name: string, script: string) => {
            const words = ['machine', 'run', '-n', name, '--restart', 'no', image, 'sh', '-c', script]
            return (await withToken(...words)).stdout.trim()
          }
          ids.leaver = await run('leaver', 'exit 7')
          ids.glutton = await run('glutton', 'x=0123456789; while :; do x=$x$x; done')
          const list = await done(['machine', 'list'], token)
          expect(list).toMatch(/talker +started +[a-z]+ +\S+busybox:1 .* agent story, on behalf of "Ada L\."/)
          expect(await done(['machine', 'status', 'talker'], token)).toContain(
            'Run labels: agent story, on behalf of "Ada L."',
          )
          expect(await done(['orgs', 'audit', 'staging'])).toMatch(
            /machine\.create .* agent story, on behalf of "Ada L\."/,
          )
        })

        it('shows the exit code, and that memory ran out', async () => {
          expect(await done(['machine', 'wait', 'leaver', '-s', 'stopped'], token)).toBe('stopped')
          expect(await done(['machine', 'status', ids.leaver], token)).toContain(
            'State: stopped: it ended with exit code 7',
          )
          await done(['machine', 'wait', 'glutton', '-s', 'stopped'], token)
          expect(await done(['machine', 'status', 'glutton'], token)).toContain(
            'State: stopped: it was killed because it ran out of memory, of which it had 256 MB',
          )
          const again = await withToken('machine', 'start', 'leaver')
          if (again.code !== 0) expect(again.stderr).toContain(`machine ${ids.leaver} ended with exit code 7`)
        })

        it('executes a command, and ends as it ends', async () => {
          const outcome = await withToken('machine', 'exec', 'talker', 'sh', '-c', 'echo out; echo err >&2; exit 3')
          expect(outcome).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' })
          const read = await place.run(['machine', 'exec', '-i', ids.talker, 'cat'], {
            env: { HALLPASS_API_URL: served.url, HALLPASS_API_TOKEN: token, FLY_APP: 'jobs' },
            stdin: 'what comes in\n',
          })
          expect(read).toEqual({ code: 0, stdout: 'what comes in\n', stderr: '' })
          for (const [program, code] of unable) {
            for (const flags of [[], ['-i']]) {
              const outcome = await withToken('machine', 'exec', ...flags, 'talker', program, 'word')
              expect(outcome).toMatchObject({ code, stdout: '' })
              expect(outcome.stderr).toMatch(new RegExp(`^Error: The command cannot be run: .*${program}.*\n$`))
            }
          }
        })

        it('ends as a shell does where a command cannot be run, also as the machine itself', async () => {
          for (const [program, code] of unable) {
            for (const flags of [[], ['-i']]) {
              const outcome = await withToken('machine', 'run', '--rm', ...flags, image, program)
              // It may have been looked at between its start and its end.
              if (flags.length === 0 && outcome.code === 0) continue
              expect(outcome.code, outcome.stderr).toBe(code)
              expect(outcome.stderr).toMatch(/The command .*cannot be run: /)
            }
          }
        })

        testShells(() => ({
          place,
          served,
          token,
          machine: 'talker',
          app: 'jobs',
          image,
          say: (words) => done(words, token),
          async mint() {
            const minted = await done(['tokens', 'create', 'org', '-o', 'staging'])
            const body = { token: minted }
            const person = await done(['auth', 'token'])
            return { token: minted, revoke: () => ask('POST', '/v1/tokens/revoke', { token: person, body }) }
          },
        }))

        it('shows what it wrote, each stream to its own', async () => {
          const { logStreams } = await engine.open().capabilities()
          const outcome = await withToken('machine', 'logs', 'talker')
          if (logStreams) expect(outcome).toEqual({ code: 0, stdout: 'hello of red\n', stderr: 'trouble\n' })
          else {
            expect(outcome).toMatchObject({ code: 0, stderr: '' })
            // What reads two streams sees no order between them.
            expect(outcome.stdout.split('\n').sort()).toEqual(['', 'hello of red', 'trouble'])
          }
        })

        it('updates one, which starts again', async () => {
          await done(['machine', 'update', 'talker', '-e', 'COLOR=blue'], token)
          expect(await done(['machine', 'exec', 'talker', 'sh', '-c', 'echo $COLOR'], token)).toBe('blue')
          await done(['secrets', 'set', 'HIDDEN=of the app'], token)
          expect(await done(['machine', 'exec', 'talker', 'sh', '-c', 'echo $HIDDEN'], token)).toBe('of the app')
        })

        it('refuses an image that is not there, in words', async () => {
          const outcome = await withToken('machine', 'run', '127.0.0.1:1/nothing:1')
          expect(outcome.code).toBe(1)
          expect(outcome.stderr).toMatch(/Error: machine [0-9a-f]{14} could not run: .*127\.0\.0\.1:1/)
          await done(['machine', 'destroy', '-y', '--force', outcome.stdout.trim()], token)
        })

        /** Each step of the story, as any HTTP client asks for it. */
        function steps(): readonly (readonly [name: string, ask: (credential: string) => Promise<Answer>])[] {
          const machines = '/v1/apps/jobs/machines'
          const one = `${machines}/${ids.talker}`
          const config = { image }
          const step = (name: string, method: string, path: string, body?: unknown) =>
            [name, (credential: string) => ask(method, path, { token: credential, body })] as const
          return [
            step('list', 'GET', machines),
            step('show', 'GET', one),
            [
              'graphql',
              async (credential: string) => {
                const query = `{ machine(machineId: "${ids.talker}") { app { name } } }`
                const answer = await ask('POST', '/graphql', { token: credential, body: { query } })
                const [code] = /FORBIDDEN|UNAUTHORIZED/.exec(answer.text) ?? []
                return { ...answer, status: code === undefined ? 200 : code === 'FORBIDDEN' ? 403 : 401 }
              },
            ],
            step('wait', 'GET', `${one}/wait?state=started&timeout=1`),
            step('logs', 'GET', '/v1/apps/jobs/logs'),
            step('app', 'POST', '/v1/apps', { name: 'another', org_slug: 'staging' }),
            step('create', 'POST', machines, { config }),
            step('update', 'POST', one, { config }),
            step('exec', 'POST', `${one}/exec`, { command: ['true'] }),
            step('stop', 'POST', `${one}/stop`),
            step('start', 'POST', `${one}/start`),
            step('restart', 'POST', `${one}/restart`),
            step('suspend', 'POST', `${one}/suspend`),
            step('signal', 'POST', `${one}/signal`, { signal: 'SIGUSR1' }),
            step('lease', 'POST', `${one}/lease`),
            step('secrets', 'POST', '/v1/apps/jobs/secrets', { values: { A: 'b' } }),
            step('destroy', 'DELETE', `${one}?force=true`),
          ]
        }

        it('refuses each step to a token that may less', async () => {
          const revoked = await done(['tokens', 'create', 'org', '-o', 'staging'])
          await place.run(['tokens', 'revoke', '-'], { env: { HALLPASS_API_URL: served.url }, stdin: revoked })
          const credentials = {
            sibling: await done(['tokens', 'create', 'deploy', '-a', 'sibling']),
            readonly: await done(['tokens', 'create', 'readonly', '-o', 'staging']),
            elsewhere: await done(['tokens', 'create', 'org', '-o', 'elsewhere']),
            revoked,
          }
          const got: Record<string, Record<string, number>> = {}
          const wanted: Record<string, Record<string, number>> = {}
          for (const [name, ask] of steps()) {
            got[name] = {}
            for (const [who, credential] of Object.entries(credentials)) got[name][who] = (await ask(credential)).status
            wanted[name] = {
              sibling: 403,
              readonly: reading.has(name) ? 200 : 403,
              elsewhere: 403,
              revoked: 401,
            }
          }
          expect(got).toEqual(wanted)
          expect(await done(['machine', 'list'], token)).toMatch(/talker +started/)
        })

        it('lets a machine-exec token run its one command, and no other', async () => {
          const exec = await done(['tokens', 'create', 'machine-exec', '-a', 'jobs', '--', 'echo', 'allowed'])
          expect(await done(['machine', 'exec', ids.talker, 'echo', 'allowed'], exec)).toBe('allowed')
          expect(await done(['machine', 'exec', ids.talker, 'echo allowed'], exec)).toBe('allowed')
          for (const words of [['echo'], ['echo', 'allowed', 'too'], ['echo', 'other'], ['sh', '-c', 'echo allowed']]) {
            const outcome = await hallpass(['machine', 'exec', ids.talker, '--', ...words], exec)
            expect(outcome, words.join(' ')).toMatchObject({ code: 1, stdout: '' })
          }
          for (const [name, ask] of steps()) {
            expect((await ask(exec)).status, name).toBe(reading.has(name) ? 200 : 403)
          }
        })

        it.each([
          [
            'exec',
            'POST',
            (id: string) => `/v1/apps/jobs/machines/${id}/exec`,
            { command: ['sleep', '50'], timeout: 55 },
          ],
          ['wait', 'GET', (id: string) => `/v1/apps/jobs/machines/${id}/wait?state=stopped&timeout=55`, undefined],
        ])('ends a hanging %s once its token is revoked', async (_, method, path, body) => {
          const doomed = await done(['tokens', 'create', 'org', '-o', 'staging'])
          const hanging = ask(method, path(ids.talker), { token: doomed, body })
          if (method === 'POST') await expect.poll(() => processesOf(ids.talker)).toContain('sleep 50')
          else await ask('GET', '/v1/tokens/current', { token: doomed })
          const revoked = await ask('POST', '/v1/tokens/revoke', {
            token: await done(['auth', 'token']),
            body: { token: doomed },
          })
          expect(revoked.status, revoked.text).toBe(200)
          const at = performance.now()
          expect((await hanging).status).toBe(401)
          // It would have gone on for fifty seconds; a busy machine is given more than the one second.
          expect(performance.now() - at).toBeLessThan(10_000)
        })

        async function processesOf(id: string): Promise<string> {
          return done(['machine', 'exec', id, 'ps'], token)
        }

        it('stops and destroys all', async () => {
          expect(await done(['machine', 'stop', 'talker'], token)).toBe(`Stopped machine ${ids.talker}`)
          const all = Object.values(ids)
          expect(await done(['machine', 'destroy', '-y', ...all], token)).toBe(
            all.map((id) => `Destroyed machine ${id}`).join('\n'),
          )
          expect(JSON.parse(await done(['machine', 'list', '-j'], token))).toEqual([])
          const owner = withDatabase(join(place.directory, 'data'), (database) =>
            database.prepare("select value from settings where name = 'engine_owner'").get(),
          )
          expect(JSON.stringify(await engine.open(String(owner?.['value'])).list())).not.toContain(ids.talker)
          expect(await done(['apps', 'destroy', '-y', 'jobs'], token)).toBe('Destroyed app jobs')
        })

        if (sharesFolders) testFromInside(() => ({ ask, token, app: 'sibling', image }))

        if (sharesFolders)
          describeOwnTokens(() => ({
            dockerd: engine.dockerd ?? expect.fail('it is no Docker Engine'),
            ask,
            token,
            runtime,
            mint: () => done(['tokens', 'create', 'org', '-o', 'staging']),
            async restart() {
              await served.stop('SIGKILL')
              await start()
            },
          }))

        it('destroys an app with machines only by force', async () => {
          const create = ['machine', 'create', '-a', 'sibling', '-w', '0s', image]
          const id = (await withToken(...create)).stdout.trim()
          const refused = await withToken('apps', 'destroy', '-y', 'sibling')
          expect(refused.code).toBe(1)
          expect(refused.stderr).toContain(
            'app sibling still has a machine: destroy it first, or destroy the app with --force (in the API force=true)',
          )
          expect(await done(['apps', 'destroy', '-y', '--force', 'sibling'], token)).toBe('Destroyed app sibling')
          expect((await ask('GET', `/v1/apps/sibling/machines/${id}`, { token })).status).toBe(404)
          // flyctl asks over GraphQL, which has no force: it has asked the person.
          await done(['apps', 'create', 'sibling', '-o', 'staging'], token)
          // It waits for nothing, and fails where the machine takes longer than that.
          await withToken(...create)
          const status = { query: '{ app(name: "sibling") { status } }' }
          const { body: shown } = await ask('POST', '/graphql', { token, body: status })
          expect(shown).toEqual({ data: { app: { status: 'deployed' } } })
          const deletion = { query: 'mutation { deleteApp(appId: "sibling") { organization { slug } } }' }
          const { body: gone } = await ask('POST', '/graphql', { token, body: deletion })
          expect(gone).toEqual({ data: { deleteApp: { organization: { slug: 'staging' } } } })
        })
      },
    )
  },
)
