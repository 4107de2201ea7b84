// What is left of machines when the process that drives them is killed: in the middle of each step, and beside another.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'

import type { Engine } from '@hallpass/engine'

import { reasonWithoutPostgres, startPostgres } from '../packages/authority/src/store/testing/postgres.ts'
import { reasonWithoutDockerd, startDockerd, type Dockerd } from '../packages/engine/src/testing/dockerd.ts'

const childFile = join(inject('programs'), 'machine-child.js')

interface Child {
  /** Asks, and resolves with the answer; undefined if the process died first. */
  ask(...words: readonly string[]): Promise<unknown>
  kill(): Promise<void>
  /** After it stopped itself. */
  goOn(): void
  readonly ended: Promise<unknown>
}

async function startChild(...words: readonly string[]): Promise<Child> {
  const child = spawn(process.execPath, [childFile, ...words], { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  child.stdin.on('error', () => {})
  const next = async () => {
    const { value, done } = await lines.next()
    return done === true ? undefined : value
  }
  if ((await next()) !== 'ready') throw new Error('the child does not start')
  return {
    ended,
    async ask(...asked) {
      child.stdin.write(`${asked.join(' ')}\n`)
      const line = await next()
      return line === undefined ? undefined : JSON.parse(line)
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    goOn: () => void child.kill('SIGCONT'),
  }
}

describe.skipIf(reasonWithoutDockerd() !== undefined)('machines whose driver is killed', () => {
  let dockerd: Dockerd
  let engine: Engine
  let directory: string
  beforeAll(async () => {
    dockerd = await startDockerd('own')
    engine = dockerd.open('child')
    directory = await mkdtemp(join(tmpdir(), 'hallpass-killed-'))
  })
  afterAll(async () => {
    await dockerd.stop()
    await rm(directory, { recursive: true })
  })

  /** What is asked, when the process dies, and what comes of it. */
  const steps = [
    ['create', 'pullImage', 'after', 'started'],
    ['stop', 'signal', 'before', 'stopped'],
    ['start', 'create', 'before', 'started'],
    ['suspend', 'pause', 'after', 'suspended'],
    ['start', 'resume', 'after', 'started'],
    ['restart', 'signal', 'after', 'started'],
    ['update', 'start', 'after', 'started'],
    ['restart', 'create', 'after', 'started'],
    ['update', 'start', 'before', 'started'],
    ['destroy', 'remove', 'after', 'destroyed'],
  ] as const

  test('a machine reaches its state, once, wherever its driver dies', async () => {
    const start = () => startChild(dockerd.socketPath, 'directory', directory)
    let child = await start()
    let id = ''
    for (const [verb, call, moment, state] of steps) {
      await child.ask('die', call, moment)
      const made = await child.ask(verb, id)
      if (typeof made === 'string') id = made
      await child.ended
      child = await start()
      expect(await child.ask('wait', id, state)).toMatchObject({ result: { state } })
      const events = (await child.ask('events', id)) as readonly { readonly id: string }[]
      expect(new Set(events.map((event) => event.id)).size).toBe(events.length)
      const expected = { started: ['running'], suspended: ['paused'], stopped: ['exited'], destroyed: [] }
      expect((await engine.list()).map((run) => run.state)).toEqual(expected[state])
    }
    await child.kill()
  })

  test('a volume is there once, or gone, wherever its driver dies', async () => {
    const start = () => startChild(dockerd.socketPath, 'directory', directory)
    let child = await start()
    for (const [verb, call, moment, state] of [
      ['createVolume', 'createVolume', 'after', 'created'],
      ['destroyVolume', 'removeVolume', 'before', undefined],
    ] as const) {
      await child.ask('die', call, moment)
      await child.ask(verb)
      await child.ended
      child = await start()
      const known = () => child.ask('volumes')
      const wanted = state === undefined ? [] : [[expect.any(String), state]]
      await expect.poll(known, { timeout: 20_000 }).toEqual(wanted)
      const [[id] = []] = (await known()) as readonly (readonly string[])[]
      expect(await engine.listVolumes()).toEqual(id === undefined ? [] : [id])
    }
    await child.kill()
  })

  test.skipIf(reasonWithoutPostgres() !== undefined)(
    'another authority goes on, also where the first one comes back',
    async () => {
      const postgres = await startPostgres()
      try {
        const start = () => startChild(dockerd.socketPath, 'url', postgres.url)
        const running = async () =>
          (await engine.list())
            .flatMap(({ labels, state }) => (state === 'running' ? [labels['machine']] : []))
            .toSorted()
        const first = await start()
        const made = [String(await first.ask('create'))]
        await first.ask('wait', made[0] ?? '', 'started')
        // Each has an app of its own, and the one that has the turn drives the machines of both.
        const second = await start()
        for (let count = 0; count < 5; count += 1) made.push(String(await second.ask('create')))
        await expect.poll(async () => (await running()).length).toBeGreaterThan(1)
        await first.kill()
        const killedAt = performance.now()
        await second.ask('destroy', made[1] ?? '')
        await second.ask('wait', made[1] ?? '', 'destroyed')
        // It is 10 seconds at most; a busy machine is given more.
        expect(performance.now() - killedAt).toBeLessThan(20_000)
        made.splice(1, 1)
        for (const id of made.slice(1)) await second.ask('wait', id, 'started')
        expect(await running()).toEqual(made.toSorted())

        // One that was stopped at the worst place goes on when its turn is long over, and the machine too.
        const third = await start()
        await second.ask('pause', 'create', 'before')
        const gone = String(await third.ask('create'))
        await third.ask('wait', gone, 'started')
        await third.ask('destroy', gone)
        await third.ask('wait', gone, 'destroyed')
        second.goOn()
        await second.ask('done')
        await expect.poll(async () => (await engine.list()).length).toBe(made.length)
        expect(await running()).toEqual(made.toSorted())
        await Promise.all([second.kill(), third.kill()])
      } finally {
        await postgres.stop()
      }
    },
  )
})
