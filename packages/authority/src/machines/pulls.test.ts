// Pulls: who waits for a registry that never answers, and what that costs the others.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { beforeEach, expect, onTestFinished, test } from 'vitest'

import {
  EngineError,
  type Capabilities,
  type Engine,
  type Image,
  type PullOptions,
  type RunStatus,
} from '@hallpass/engine'

import type { App } from '../domain/app.ts'
import { createUlid, type Machine } from '../domain/machine.ts'
import type { Store } from '../domain/store.ts'
import { openStore } from '../store/open.ts'
import { insertApp, insertMachine, insertOrganisation } from '../store/testing/seed.ts'
import { startDriver } from './driver.ts'
import { noSockets } from './testing/no-sockets.ts'

const image: Image = {
  id: 'sha256:0',
  registry: 'docker.io',
  repository: 'library/busybox',
  tag: '1',
  digest: undefined,
  labels: {},
  entrypoint: [],
  command: [],
  env: [],
  user: '',
  workingDirectory: '',
}

const capabilities: Capabilities = {
  isolation: 'container',
  networks: 'isolated',
  memoryLimit: true,
  cpuLimit: true,
  processLimit: true,
  diskLimit: false,
  volumes: 'none',
  pause: true,
  commandUser: true,
  logStreams: true,
  oomReported: true,
  engine: { name: 'none', version: '1' },
  host: { name: 'here', cpus: 2, memoryMb: 1024, architecture: 'x86_64' },
  remedies: [],
}

const run: RunStatus = {
  runId: '',
  state: 'created',
  labels: {},
  network: undefined,
  address: undefined,
  image: image.id,
  createdAt: new Date(),
  startedAt: undefined,
  exit: undefined,
}

/** The rest of an engine: machines in these tests need no run. */
const resting = {
  async *watch({ abort } = {}) {
    yield { kind: 'all', runs: [] }
    await new Promise((resolve) => abort?.addEventListener('abort', resolve))
  },
  listVolumes: async () => [],
  removeNetwork: async () => true,
} satisfies Partial<Engine>

let store: Store
/** Writes at once, at most so far. */
let most = 0
let [app, other]: App[] = []

beforeEach(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'hallpass-pulls-'))
  const opened = await openStore({ directory })
  let writing = 0
  most = 0
  store = {
    isRemote: false,
    read: (work) => opened.read(work),
    async write(work) {
      writing += 1
      most = Math.max(most, writing)
      return opened.write(work).finally(() => (writing -= 1))
    },
    health: () => opened.health(),
    failed: opened.failed,
    close: () => opened.close(),
  }
  onTestFinished(async () => {
    await opened.close()
    await rm(directory, { recursive: true })
  })
  ;[app, other] = await opened.write(async (tx) => [
    await insertApp(tx, (await insertOrganisation(tx)).id),
    await insertApp(tx, (await insertOrganisation(tx)).id),
  ])
})

/** Machines that are to be prepared, unless they are changed: each image is given by its reference. */
function insert(of: App | undefined, images: readonly string[], changes: Partial<Machine> = {}): Promise<Machine[]> {
  if (of === undefined) throw new Error('there is no app')
  return store.write(async (tx) => {
    const made: Machine[] = []
    for (const name of images) {
      made.push(await insertMachine(tx, of, { config: JSON.stringify({ image: name }), launches: false, ...changes }))
    }
    return made
  })
}

/** Drives the machines; what a registry says is what `pullImage` makes of a reference. */
function drive(
  pullImage: (reference: string, options?: PullOptions) => Promise<Image>,
  others: Partial<Engine> = {},
  now = Date.now,
) {
  const begun: string[] = []
  const engine = {
    ...resting,
    ...others,
    pullImage(reference: string, options?: PullOptions) {
      begun.push(reference)
      return pullImage(reference, options)
    },
  }
  const driver = startDriver({
    store,
    engine: engine as unknown as Engine,
    appOf: async () => ({ name: 'web', secrets: new Map() }),
    id: 'one',
    now,
    clock: () => performance.now(),
    randomBytes,
    report({ error }) {
      throw error
    },
    sockets: noSockets,
    changed() {},
  })
  onTestFinished(() => driver.stop())
  return { driver, begun }
}

const silent = () => new Promise<never>(() => {})
const isSilent = (reference: string) => reference.startsWith('silent')
const states = (made: readonly Machine[]) =>
  store.read(async (tx) => {
    const found = await Promise.all(made.map(({ id }) => tx.machines.byId(id)))
    return [...new Set(found.map((machine) => machine?.state))]
  })
const times = (count: number, name = (_at: number) => 'acme/web:1') =>
  Array.from({ length: count }, (_, at) => name(at))

test('an organization whose registry never answers waits alone, and pulls a few images at a time', async () => {
  await insert(
    app,
    times(20, (at) => `silent/${at}`),
  )
  const made = await insert(other, ['busybox:1'])
  const { begun } = drive((reference) => (isSilent(reference) ? silent() : Promise.resolve(image)))
  await expect.poll(() => states(made)).toEqual(['stopped'])
  expect(await store.read((tx) => tx.machines.byId(made[0]?.id ?? ''))).toMatchObject({
    image: expect.stringContaining(image.id),
  })
  expect(begun.filter(isSilent)).toHaveLength(4)
})

test('another image of the same organization comes, however many machines wait for one that does not', async () => {
  await insert(
    app,
    times(100, () => 'silent/web:1'),
  )
  const made = await insert(app, ['busybox:1'], { dueAt: 2000 })
  const { driver, begun } = drive((reference) => (isSilent(reference) ? silent() : Promise.resolve(image)))
  await expect.poll(() => states(made)).toEqual(['stopped'])
  expect(begun.toSorted()).toEqual(['busybox:1', 'silent/web:1'])
  await driver.stop()
})

test('of very many images that do not come, each has its turn', async () => {
  await insert(
    app,
    times(140, (at) => `silent/${at}`),
  )
  const made = await insert(app, ['zoo:1'])
  const error = new EngineError('timeout', 'Nothing came')
  drive((reference) => (isSilent(reference) ? Promise.reject(error) : Promise.resolve(image)))
  await expect.poll(() => states(made)).toEqual(['stopped'])
})

test('of images that do not come and end at the same time, each has its turn', async () => {
  await insert(
    app,
    times(9, (at) => `silent/${at}`),
  )
  await insert(app, ['zoo:1'])
  let at = Date.now()
  const fail: (() => void)[] = []
  const error = new EngineError('timeout', 'Nothing came')
  const pull = () => new Promise<never>((_resolve, reject) => fail.push(() => reject(error)))
  const { begun } = drive(pull, {}, () => at)
  for (const count of [4, 8, 12]) {
    await expect.poll(() => begun).toHaveLength(count)
    // All that failed before are due again.
    at += 60_000
    for (const one of fail.splice(0)) one()
  }
  expect(begun.slice(0, 10)).toContain('zoo:1')
})

test('one pull serves all machines of an organization that wait for it, and they go on a few at a time', async () => {
  const made = await insert(app, times(300))
  let arrive = (): void => {}
  const { begun } = drive(() => new Promise((resolve) => (arrive = () => resolve(image))))
  await expect.poll(() => begun).toHaveLength(1)
  most = 0
  arrive()
  await expect.poll(() => states(made)).toEqual(['stopped'])
  expect(begun).toHaveLength(1)
  expect(most).toBeLessThanOrEqual(64)
})

test('a machine that is destroyed while it waits goes at once, a few hundred at a time', async () => {
  const made = await insert(
    app,
    times(300, () => 'silent/web:1'),
  )
  const { driver, begun } = drive(silent)
  await expect.poll(() => begun).toHaveLength(1)
  most = 0
  await store.write((tx) => tx.machines.destroyOfApp(app?.id ?? 0, Date.now()))
  driver.wake()
  await expect.poll(() => states(made)).toEqual(['destroyed'])
  expect(most).toBeLessThanOrEqual(256)
})

test('a pull says how far it is until it is over, to the organization that waits for it', async () => {
  let arrive = (): void => {}
  const [machine] = await insert(app, ['busybox:1'])
  const [theirs] = await insert(other, ['silent/web:1'])
  if (machine === undefined || theirs === undefined) throw new Error('there are none')
  const { driver, begun } = drive((reference, { onProgress } = {}) => {
    if (isSilent(reference)) return silent()
    onProgress?.({ phase: 'downloading', bytes: 12, totalBytes: 40 })
    return new Promise((resolve) => (arrive = () => resolve(image)))
  })
  await expect.poll(() => begun).toHaveLength(2)
  expect(driver.pulling(machine)).toEqual({ phase: 'downloading', bytes: 12, totalBytes: 40 })
  expect(driver.pulling(theirs)).toBeUndefined()
  expect(driver.pulling({ ...theirs, config: machine.config })).toBeUndefined()
  arrive()
  await expect.poll(() => states([machine])).toEqual(['stopped'])
  expect(driver.pulling(machine)).toBeUndefined()
})

test('an image that the engine lost before a run was made of it is pulled again, and the run is made once', async () => {
  const [machine] = await insert(app, ['busybox:1'], { launches: true })
  const made: string[] = []
  let isLost = true
  const { begun } = drive(() => Promise.resolve(image), {
    capabilities: async () => capabilities,
    inspect: async () => undefined,
    async create({ runId }) {
      made.push(runId)
      if (!isLost) return { ...run, runId, state: 'created' }
      isLost = false
      throw new EngineError('image_not_found', 'It is gone')
    },
    start: async (runId) => ({ ...run, runId, state: 'running', startedAt: new Date() }),
    remove: async () => {},
  })
  await expect.poll(() => states(machine === undefined ? [] : [machine])).toEqual(['started'])
  expect([begun.length, made.length, new Set(made).size]).toEqual([2, 2, 2])
})

test('of a run that the engine refuses to start, another is made, also after the engine was away', async () => {
  const [machine] = await insert(app, ['busybox:1'], {
    launches: true,
    lastEventId: createUlid(Date.now(), randomBytes),
  })
  let away = 3
  const [made, gone] = [new Set<string>(), new Set<string>()]
  drive(() => Promise.resolve(image), {
    capabilities: async () => capabilities,
    inspect: async (runId) => (made.has(runId) && !gone.has(runId) ? { ...run, runId } : undefined),
    async create({ runId }) {
      if ((away -= 1) >= 0) throw new EngineError('unavailable', 'No engine answers')
      made.add(runId)
      return { ...run, runId }
    },
    async start(runId) {
      if ([...made][0] === runId) throw new EngineError('failed', 'The engine refused it: task 1: already exists')
      return { ...run, runId, state: 'running', startedAt: new Date() }
    },
    remove: async (runId) => void gone.add(runId),
  })
  await expect.poll(() => states(machine === undefined ? [] : [machine])).toEqual(['started'])
  expect([[...made].slice(0, -1), made.size]).toEqual([[...gone], 2])
})

test('what is due of one organization does not hold up another, whose machine is due later', async () => {
  const destroying = { image: '{}', state: 'destroying', dueAt: 1, runId: 'silent' } as const
  await insert(app, times(300), destroying)
  const made = await insert(other, ['busybox:1'], { ...destroying, dueAt: 2, runId: 'quick' })
  const asked: string[] = []
  const onRelease: (() => void)[] = []
  const { driver } = drive(silent, {
    async remove(runId) {
      asked.push(runId)
      if (runId === 'silent') await new Promise<void>((resolve) => onRelease.push(resolve))
    },
  })
  await expect.poll(() => states(made)).toEqual(['destroyed'])
  expect(asked.filter((runId) => runId === 'silent')).toHaveLength(64)
  const stopped = driver.stop()
  for (const release of onRelease) release()
  await stopped
})
