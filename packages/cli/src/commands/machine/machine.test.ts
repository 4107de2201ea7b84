// What the commands about machines ask for, and what they say of what becomes of them: the real command against prepared answers.
import type { Machine, MachineEvent } from '@hallpass/client'
import { afterAll, beforeAll, expect, it } from 'vitest'

import {
  createPlace,
  refusal,
  startServer,
  type Answer,
  type TestPlace,
  type TestServer,
} from '../../testing/hallpass.ts'

let place: TestPlace
let server: TestServer
beforeAll(async () => {
  place = await createPlace()
  server = await startServer()
})
afterAll(async () => {
  await server.close()
  await place.leave()
})

const id = '148e21ea7e46e8'
const machines = '/v1/apps/web/machines'
const one = `${machines}/${id}`
const moment = '2026-01-02T03:04:05.000Z'

function machine(state: Machine['state'], more: Partial<Machine> = {}): Machine {
  return {
    id,
    name: 'worker',
    state,
    region: 'local',
    instance_id: '01HVERSION',
    version: '01HVERSION',
    private_ip: '',
    config: { image: 'busybox:1', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 } },
    created_at: moment,
    updated_at: moment,
    ...more,
  }
}

function event(type: string, status: string, request?: Record<string, unknown>): MachineEvent {
  const source = request === undefined ? 'user' : 'flyd'
  return {
    id: status,
    type,
    status,
    source,
    timestamp: 1_767_323_045_000,
    ...(request === undefined ? {} : { request }),
  }
}

const exit = (exit_code: number, more: Record<string, unknown> = {}) => [
  event('exit', 'stopped', { exit_event: { exit_code, oom_killed: false, requested_stop: false, ...more } }),
  event('launch', 'created'),
]

/** A machine that is in these states, one after the other, whenever it is looked at. */
function passing(...states: readonly Machine[]): Answer {
  let at = 0
  return ({ line }) => {
    if (line === `GET ${one}`) return [200, states[Math.min(at, states.length - 1)]]
    if (line.startsWith(`GET ${one}/wait`)) {
      at += 1
      return [408, refusal('deadline_exceeded', 'deadline_exceeded: machine failed to reach desired state')]
    }
    if (line === `POST ${machines}` || line === `POST ${one}`) return [200, machine('created')]
    if (/\/(?:stop|suspend|restart|cordon)$|^DELETE/.test(line)) return [200, { ok: true }]
    return line.endsWith('/start') ? [200, { previous_state: 'stopped', migrated: false, new_host: '' }] : undefined
  }
}

const run = (words: readonly string[], input?: string) =>
  place.run(words, {
    environment: { HALLPASS_API_URL: server.url, HALLPASS_API_TOKEN: 'fo1_held', FLY_APP: 'web', HERE: 'from here' },
    ...(input === undefined ? {} : { input }),
  })
const hallpass = (line: string, input?: string) => run(line.split(' '), input)
const bodyOf = (line: string) => server.seen.find((each) => each.line === line)?.body

it('changes a leased machine by the nonce of its lease', async () => {
  server.answer(passing(machine('stopped')))
  for (const words of ['stop', 'suspend', 'cordon', 'destroy -y', 'update -e A=b --skip-start']) {
    expect((await hallpass(`machine ${words} --lease 0123456789ab ${id}`)).code, words).toBe(0)
    // Only with what changes something.
    for (const { line, leaseNonce } of server.seen) {
      expect(leaseNonce, line).toBe(line.startsWith('GET ') ? undefined : '0123456789ab')
    }
    expect(server.seen.some(({ line }) => !line.startsWith('GET '))).toBe(true)
    server.answer(passing(machine('stopped')))
  }
  const wrong = await hallpass(`machine stop --lease fo1_0123456789012345678901234567890123456789012 ${id}`)
  expect(wrong).toMatchObject({ code: 2, stderr: expect.stringContaining('the value of --lease is no nonce') })
  expect(wrong.stderr).not.toContain('0123456789')
})

it('runs a machine: its id at once, each state once, and the command as it stands', async () => {
  server.answer(passing(machine('created'), machine('created'), machine('starting'), machine('started')))
  const outcome = await hallpass(
    'machine run -e A=b=c --env HERE -n worker --memory 1gb --cpus 2 --rm --token busybox:1 sh -c ls --rm',
  )
  expect(outcome).toEqual({
    code: 0,
    stdout: `${id}\n`,
    stderr:
      ['created', 'starting', 'started'].map((state) => `Machine ${id} is ${state}\n`).join('') +
      `\`hallpass machine logs ${id} -a web\` shows what it writes\n`,
  })
  expect(bodyOf(`POST ${machines}`)).toEqual({
    name: 'worker',
    skip_launch: false,
    config: {
      image: 'busybox:1',
      env: { A: 'b=c', HERE: 'from here' },
      guest: { cpus: 2, memory_mb: 1024 },
      init: { cmd: ['sh', '-c', 'ls', '--rm'] },
      restart: { policy: 'no' },
      auto_destroy: true,
      token: {},
    },
  })
  expect((await hallpass('machine run -d --token-caveats [{"type":"Action","body":"r"}] busybox:1')).code).toBe(0)
  expect(server.seen.at(-1)?.body).toMatchObject({ config: { token: { caveats: [{ type: 'Action', body: 'r' }] } } })
  expect(await hallpass('machine run --token-caveats r busybox:1')).toMatchObject({ code: 2 })
})

it.each([
  [machine('stopped', { events: exit(0) }), 0, `Machine ${id} ended with exit code 0`],
  [machine('stopped', { events: exit(7) }), 1, `Error: machine ${id} ended with exit code 7`],
  [machine('stopped', { events: exit(143, { signal: 15 }) }), 1, 'ended with exit code 143, by signal 15'],
  [
    machine('stopped', { events: exit(127, { error: 'there is no program "lss"' }) }),
    127,
    'ended with exit code 127: there is no program "lss"',
  ],
  [machine('failed', { events: exit(126, { error: 'it is a folder' }) }), 126, 'could not run: it is a folder'],
  [machine('stopped', { events: exit(127) }), 1, `Error: machine ${id} ended with exit code 127`],
  [
    machine('stopped', { events: exit(137, { oom_killed: true }) }),
    1,
    `was killed because it ran out of memory, of which it had 256 MB: give it more with \`hallpass machine update ${id} --memory MB\``,
  ],
  [
    machine('failed', { events: [event('launch', 'failed', { error: 'there is no image nope:1' })] }),
    1,
    `Error: machine ${id} could not run: there is no image nope:1`,
  ],
])('says how a program ended that runs no more, and what to do: %#', async (ended, code, words) => {
  server.answer(passing(machine('created'), ended))
  const outcome = await hallpass('machine run busybox:1')
  expect(outcome).toMatchObject({ code, stdout: `${id}\n` })
  expect(outcome.stderr).toContain(words)
})

it.each([
  [machine('failed', { events: exit(127, { error: 'there is no program /no/such' }) }), 127, 'there is no program /no'],
  [machine('destroyed', { events: exit(3) }), 1, `Error: machine ${id} ended with exit code 3`],
  [machine('restarting', { events: exit(3) }), 1, `Error: machine ${id} ended with exit code 3, and is started again`],
  [machine('stopped', { events: exit(0) }), 0, `Machine ${id} ended with exit code 0`],
  [machine('restarting', { events: exit(143, { requested_stop: true }) }), 0, `Machine ${id} is started\n`],
  [machine('started'), 0, `\`hallpass machine logs ${id} -a web\` shows`],
])('finds out that a program failed just after its start: %#', async (ended, code, words) => {
  server.answer(passing(machine('created'), machine('started'), ended))
  const outcome = await hallpass('machine run busybox:1')
  expect(outcome).toMatchObject({ code, stdout: `${id}\n` })
  expect(outcome.stderr).toContain(words)
  const waits = server.seen.filter(({ line }) => line.startsWith(`GET ${one}/wait`))
  expect(waits.at(-1)?.line).toBe(`GET ${one}/wait?state=stopped%2Cfailed%2Cdestroyed&timeout=1`)
})

it('says what the authority finds wrong in the words of the flags', async () => {
  const sentence = 'config.stop_config.signal is no signal that can be sent'
  server.answer(() => [400, { ...refusal('invalid_request', sentence), field: 'config.stop_config.signal' }])
  expect(await hallpass('machine run --stop-signal FOO busybox:1')).toMatchObject({
    code: 2,
    stderr: 'Error: --stop-signal is no signal that can be sent\n',
  })
})

it('does not wait with --detach, and gives up after a while', async () => {
  server.answer(passing(machine('created')))
  expect(await hallpass('machine create -d busybox:1')).toEqual({ code: 0, stdout: `${id}\n`, stderr: '' })
  expect(bodyOf(`POST ${machines}`)).toMatchObject({ skip_launch: true })
  const late = await hallpass('machine run -w 0s busybox:1')
  expect(late).toMatchObject({ code: 1, stdout: `${id}\n` })
  expect(late.stderr).toContain(`is still created after 0s: \`hallpass machine status ${id}\` shows how it goes on`)
})

it('passes on what no engine, no right and no image mean', async () => {
  const sentence = 'this authority runs no machines: its operator can start Docker or Podman, or name an engine'
  server.answer(() => [503, refusal('engine_unavailable', sentence)])
  expect(await hallpass('machine run busybox:1')).toMatchObject({ code: 1, stdout: '', stderr: `Error: ${sentence}\n` })
})

it.each([
  ['--env =x busybox:1', '--env takes NAME=VALUE'],
  ['--env NOT_SET_ANYWHERE busybox:1', 'the NAME of a variable that is set here'],
  ['--memory lots busybox:1', '--memory takes megabytes, as 512, or gigabytes, as 1gb'],
  ['--cpus two busybox:1', '--cpus takes a whole number'],
  ['--size huge busybox:1', '--size is none of shared-cpu-1x'],
  ['--size shared-cpu-2x --cpus 4 busybox:1', 'leave --cpus and --cpu-kind away'],
  ['--metadata alone busybox:1', '--metadata takes NAME=VALUE'],
  ['--restart sometimes busybox:1', '--restart is no or on-failure or always'],
  ['', 'the argument image is missing'],
])('says what is wrong with `machine run %s`, and asks for nothing', async (words, sentence) => {
  server.answer(() => undefined)
  const outcome = await hallpass(`machine run ${words}`.trim())
  expect(outcome).toMatchObject({ code: 2, stdout: '' })
  expect(outcome.stderr).toContain(sentence)
  expect(server.seen.filter(({ line }) => line.startsWith('POST'))).toEqual([])
})

it('starts, stops, suspends and restarts several, by id or by name, and waits for each', async () => {
  const listed = { ...machine('started'), id: '148e21ea7e46e9', name: 'other' }
  const answer = passing(machine('stopping'), machine('stopped'))
  server.answer((seen) =>
    seen.line === `GET ${machines}?summary=true` ? [200, [machine('started'), listed]] : answer(seen),
  )
  const stopped = await hallpass(`machine stop worker ${id} nobody --signal TERM --timeout 1m30s`)
  expect(stopped).toMatchObject({ code: 1, stdout: `Stopped machine ${id}\nStopped machine ${id}\n` })
  expect(stopped.stderr).toContain('failed to stop machine nobody: app web has no machine called nobody')
  expect(stopped.stderr).toContain('Error: 1 of 3 machines: failed to stop')
  expect(bodyOf(`POST ${one}/stop`)).toEqual({ signal: 'TERM', timeout: '90000ms' })

  server.answer(passing(machine('starting'), machine('started')))
  expect(await hallpass(`machine start ${id}`)).toMatchObject({ code: 0, stdout: `Started machine ${id}\n` })
  expect(await hallpass(`machine restart -d ${id}`)).toMatchObject({ code: 0, stderr: '' })
  expect(await hallpass(`machine cordon ${id}`)).toMatchObject({ code: 0, stdout: `Cordoned machine ${id}\n` })
})

it('updates what the flags say, of the version that it has seen', async () => {
  const config = { image: 'busybox:1', env: { A: '1' }, guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 }, x: [1] }
  server.answer(passing(machine('started', { config })))
  expect(await hallpass(`machine update ${id} -e B=2 --memory 512 --image busybox:2`)).toMatchObject({
    code: 0,
    stdout: `Updated machine ${id}\n`,
  })
  expect(bodyOf(`POST ${one}`)).toEqual({
    config: {
      image: 'busybox:2',
      env: { A: '1', B: '2' },
      guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 512 },
      x: [1],
    },
    current_version: '01HVERSION',
    skip_launch: false,
  })
  const nothing = await hallpass(`machine update ${id} --memory 256`)
  expect(nothing).toMatchObject({ code: 2, stderr: expect.stringContaining('nothing is changed') })
})

it('destroys after a yes, also what is gone already', async () => {
  const gone = refusal('not_found', 'machine not found')
  server.answer(({ line }) => (line.startsWith('DELETE') ? [200, { ok: true }] : [404, gone]))
  expect(await hallpass(`machine destroy ${id}`)).toMatchObject({ code: 2, stdout: '' })
  expect(await hallpass(`machine destroy ${id} -y --force`)).toMatchObject({
    code: 0,
    stdout: `Destroyed machine ${id}\n`,
  })
  expect(bodyOf(`DELETE ${one}`)).toEqual({ force: true })
})

it('executes: output to output, errors to errors, and the exit code of the command', async () => {
  const result = { exit_code: 7, exit_signal: 0, stdout: 'out\u001b[1m', stderr: 'err\n', truncated: false }
  server.answer(({ line }) => (line === `POST ${one}/exec` ? [200, result] : undefined))
  expect(await run(['machine', 'exec', id, 'ls', '-la', '/'])).toEqual({
    code: 7,
    stdout: 'out\u001b[1m',
    stderr: 'err\n',
  })
  expect(bodyOf(`POST ${one}/exec`)).toEqual({ command: ['ls', '-la', '/'], timeout: 60 })
  await run(['machine', 'exec', '--timeout', '5', id, "sh -c 'cat'"])
  expect(server.seen.at(-1)?.body).toEqual({ command: ['sh', '-c', 'cat'], timeout: 5 })
  for (const line of ['', ' # none', '"']) {
    for (const flags of [[], ['-i']]) {
      expect(await run(['machine', 'exec', ...flags, id, line])).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/^Error: the command (?:names no command|has a double quote)/),
      })
    }
  }
  expect(await run(['machine', 'exec', id])).toMatchObject({ code: 2, stdout: '' })
})

it('asks for a WebSocket where input and output are passed on, with the token given before the command', async () => {
  server.answer(() => [422, refusal('invalid_request', 'a proxy took the offer away')])
  const words = ['-t', 'fo1_of_the_flag', 'machine', 'exec', '-a', 'web', '-i', id, 'cat']
  expect(await run(words)).toEqual({ code: 2, stdout: '', stderr: 'Error: a proxy took the offer away\n' })
  expect(server.seen.at(-1)).toMatchObject({
    line: `GET ${one}/exec/stream`,
    authorization: 'Bearer fo1_of_the_flag',
  })
  for (const [flag, words] of [
    ['--timeout', ['exec', '-i', '--timeout', '5', id, 'cat']],
    ['--json', ['exec', '-i', '--json', id, 'cat']],
    ['--detach', ['run', '-i', '--detach', 'busybox']],
  ] as const) {
    const { code, stderr } = await run(['machine', ...words])
    expect([code, stderr]).toEqual([2, expect.stringContaining(flag)])
  }
})

it('reports how far an image is, a tenth at a time', async () => {
  const pulls = [undefined, 12e6, 12.1e6, 39e6, undefined].map((bytes) =>
    bytes === undefined ? {} : { pull: { phase: 'downloading' as const, bytes, total_bytes: 40e6 } },
  )
  let shown = 0
  server.answer(({ line }) => {
    if (line === `POST ${machines}`) return [200, machine('created')]
    if (line.startsWith(`GET ${one}/wait`)) return [408, refusal('deadline_exceeded', 'not yet')]
    const pull = pulls[shown++]
    return [200, pull === undefined ? machine('started') : machine('created', pull)]
  })
  const { stderr } = await run(['machine', 'run', 'busybox:1'])
  expect(stderr.split('\n').slice(0, 4)).toEqual([
    `Machine ${id} is created`,
    `Machine ${id} is created: pulling 12 of 40 MB`,
    `Machine ${id} is created: pulling 39 of 40 MB`,
    `Machine ${id} is started`,
  ])
})

it('lists what runs, by what is asked for', async () => {
  const row = { pid: 7, stime: 1, rtime: 90, cpu: 12, rss: 2 ** 20, directory: '', listen_sockets: [] }
  server.answer(({ line }) =>
    line.startsWith(`GET ${one}/ps`) ? [200, [{ ...row, command: 'sleep\u001b 9' }]] : undefined,
  )
  const { code, stdout } = await run(['machine', 'ps', id, '--sort', 'rss', '--reverse'])
  expect(server.seen.at(-1)?.line).toBe(`GET ${one}/ps?sort_by=rss&order=desc`)
  expect([code, stdout.split('\n')[1]?.split(/ +/).slice(0, 5)]).toEqual([0, ['7', '90', '12', '1.0', '-']])
  expect(stdout).not.toContain('\u001b')
})

it('shows logs page by page, each stream to its own', async () => {
  const line = (message: string, stream: string) => ({
    machine_id: id,
    region: 'local',
    timestamp: moment,
    stream,
    message,
  })
  server.answer(({ line: asked }) => {
    if (asked === `GET /v1/apps/web/logs?machine=${id}&tail=5`)
      return [200, { lines: [line('one', 'stdout'), line('two\u001b[2J', 'stderr')], next_token: 'p2' }]
    if (asked === `GET /v1/apps/web/logs?machine=${id}&next_token=p2`)
      return [200, { lines: [line('three', 'stdout')], next_token: 'p3' }]
    return asked.includes('next_token=p3') ? [200, { lines: [], next_token: 'p3' }] : undefined
  })
  expect(await hallpass(`machine logs -n 5 ${id}`)).toEqual({
    code: 0,
    stdout: 'one\nthree\n',
    stderr: 'two\\u{1b}[2J\n',
  })
})

it('waits for as long as it takes, and prints the state', async () => {
  let asked = 0
  server.answer(({ line }) => {
    if (!line.startsWith(`GET ${one}/wait?state=stopped`)) return undefined
    asked += 1
    if (asked === 1) return [408, refusal('deadline_exceeded', 'too late')]
    return [200, { ok: true, state: 'stopped', version: '01HVERSION', event_id: '01H' }]
  })
  expect(await hallpass(`machine wait ${id} -s stopped`)).toEqual({ code: 0, stdout: 'stopped\n', stderr: '' })
})

it('lists machines of an app and of an organization, and shows one with its events', async () => {
  const of = { id, app_name: 'web', name: 'worker', region: 'local', state: 'started', version: 'v', private_ip: '' }
  const page = { machines: [{ ...of, created_at: moment, updated_at: moment }], next_cursor: '' }
  server.answer(({ line }) => {
    if (line === `GET ${machines}`) return [200, [machine('started', { private_ip: '10.0.0.2' })]]
    if (line === `GET ${one}`) return [200, machine('stopped', { events: exit(7), cordoned: true })]
    return line.startsWith('GET /v1/orgs/acme/machines')
      ? [200, { ...page, last_machine_id: id, last_updated_at: moment, error_regions: [] }]
      : undefined
  })
  expect((await hallpass('machine list')).stdout).toMatch(
    /\n148e21ea7e46e8 +worker +started +local +busybox:1 +10\.0\.0\.2/,
  )
  expect((await hallpass('machine list -o acme')).stdout).toMatch(/\n148e21ea7e46e8 +web +worker +started/)
  const { stdout } = await hallpass(`machine status ${id}`)
  expect(stdout).toContain('State: stopped, cordoned: it ended with exit code 7\n')
  expect(stdout).toContain('Size: shared-cpu-1x, 256 MB\n')
  expect(stdout).toMatch(/exit +stopped +authority +exit code 7\n.*launch +created +request\n$/)
})

it('sets secrets without showing them, and restarts what runs without --stage', async () => {
  const answer = passing(machine('restarting'), machine('started'))
  const changed = { secrets: [{ name: 'A', digest: 'd1', created_at: moment, updated_at: moment }], version: 1 }
  server.answer((seen) => {
    if (seen.line.endsWith('/secrets')) return [200, changed]
    return seen.line.startsWith(`GET ${machines}?`) ? [200, [machine('started')]] : answer(seen)
  })
  const set = await hallpass('secrets set A=hidden=1 B=-', 'from a pipe\n')
  expect(set).toMatchObject({ code: 0, stdout: 'Set A\nSet B\n' })
  expect(set.stderr).toBe(`Machine ${id} is restarting\nMachine ${id} is started\n`)
  expect(bodyOf('POST /v1/apps/web/secrets')).toEqual({ values: { A: 'hidden=1', B: 'from a pipe' } })
  expect(await hallpass('secrets unset --stage A')).toEqual({ code: 0, stdout: 'Removed A\n', stderr: '' })
  expect(server.seen.at(-1)?.body).toEqual({ values: { A: null } })
  expect((await hallpass('secrets list')).stdout).toMatch(/^NAME +DIGEST +UPDATED AT\nA +d1 /)
  const wrong = await hallpass('secrets set A=1 hunter2')
  expect(wrong).toEqual({ code: 2, stdout: '', stderr: 'Error: argument 2 is not NAME=VALUE\n' })
})

it('makes, shows, lists, extends and destroys volumes, and runs a machine with one', async () => {
  const volumes = '/v1/apps/web/volumes'
  const volume = {
    id: 'vol_abc',
    name: 'data',
    state: 'created',
    size_gb: 3,
    size_enforced: false,
    region: 'local',
    zone: '',
    encrypted: false,
    fstype: 'ext4',
    attached_machine_id: id,
    attached_alloc_id: id,
    created_at: moment,
    auto_backup_enabled: false,
    host_status: 'ok',
  }
  const answer = passing(machine('started'))
  server.answer((seen) => {
    if (seen.line === `GET ${volumes}`) return [200, [volume]]
    if (seen.line.endsWith('/extend')) return [200, { volume, needs_restart: true }]
    return seen.line.includes(volumes) ? [200, volume] : answer(seen)
  })
  const made = await hallpass('volumes create data --size 3gb')
  expect(made.stdout).toContain(
    'ID: vol_abc\nName: data\nState: created\nSize: 3 GB, which the engine does not enforce\n',
  )
  expect(bodyOf(`POST ${volumes}`)).toEqual({ name: 'data', size_gb: 3 })
  expect((await hallpass('volumes list')).stdout).toMatch(/\nvol_abc +data +created +3 GB +local +148e21ea7e46e8/)
  const extended = await hallpass('volumes extend data --size +2')
  expect(extended.stderr).toBe(
    `The volume is larger once its machine starts again: \`hallpass machine restart ${id} -a web\`\n`,
  )
  expect(bodyOf(`PUT ${volumes}/vol_abc/extend`)).toEqual({ size_gb: 5 })
  expect(await hallpass('volumes destroy data vol_abc -y')).toMatchObject({
    code: 0,
    stdout: 'Destroyed volume vol_abc\n'.repeat(2),
  })
  expect((await hallpass('volumes show other')).stderr).toContain('app web has no volume called other')
  expect(await hallpass('volumes create data --size 1.5')).toMatchObject({ code: 2 })
  await hallpass('machine run --detach --volume data:/data busybox:1')
  expect(bodyOf(`POST ${machines}`)).toMatchObject({ config: { mounts: [{ name: 'data', path: '/data' }] } })
  expect(await hallpass('machine run --volume data busybox:1')).toMatchObject({
    code: 2,
    stderr: 'Error: --volume takes VOLUME:/PATH, as data:/data\n',
  })
})

it('proposes machines of the app to a shell', async () => {
  server.answer(({ line }) => (line === `GET ${machines}?summary=true` ? [200, [machine('started')]] : undefined))
  expect((await run(['__complete', '--', 'machine', 'stop', '14'])).stdout).toBe(`${id}\tworker, started\n`)
  expect((await run(['__complete', '--', 'machine', 'exec', id, ''])).stdout).toBe('')
})
