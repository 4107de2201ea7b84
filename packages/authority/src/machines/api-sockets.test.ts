// The folder that machines see at /.fly: when its token is renewed, what is removed, and which folders are trusted.
import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test, vi } from 'vitest'

import { EngineError } from '@hallpass/engine'

import type { Machine } from '../domain/machine.ts'
import { Secret } from '../domain/secret.ts'
import type { ReadTransaction } from '../domain/store.ts'
import { createApiSockets, type ApiSocketOptions } from './api-sockets.ts'

const machine = { id: '0123456789abcd', startedAt: 1 } as Machine
const validity = 3_600_000
let memory: string
let now = 0
/** As the store has it: undefined for a machine without a token of its own, empty for one whose token has ended. */
let kept: string | undefined
let shares = true
const heard: (() => Secret | undefined)[] = []

beforeEach(async () => {
  memory = await mkdtemp('/dev/shm/hallpass-sockets-')
  now = 0
  kept = 'first'
  shares = true
  heard.length = 0
})
afterEach(() => rm(memory, { recursive: true }))

function open(changes: Partial<ApiSocketOptions> = {}) {
  const tx = { machineTokens: { machines: async () => [machine.id] }, machines: { byId: async () => machine } }
  return createApiSockets({
    store: { read: (work) => work(tx as unknown as ReadTransaction) },
    engine: { sharesFolder: async () => shares },
    folders: [join(memory, 'api')],
    tokenOf: async () => (kept === undefined ? undefined : { token: kept === '' ? undefined : new Secret(kept) }),
    validity,
    async listen(_path, _machine, token) {
      heard.push(token)
      return () => void heard.splice(heard.indexOf(token), 1)
    },
    now: () => now,
    report: (error) => {
      throw error
    },
    ...changes,
  })
}

test('a machine gets the next token at half of the lifetime of the last, and none once its own token has ended', async () => {
  const sockets = open()
  expect(await sockets.open(machine)).toEqual({ folder: join(memory, 'api', machine.id), path: '/.fly' })
  const file = join(memory, 'api', machine.id, 'token')
  expect((await stat(file)).mode & 0o777).toBe(0o444)
  kept = 'second'
  now = validity / 2 - 1
  await sockets.renew()
  expect([await readFile(file, 'utf8'), heard[0]?.()?.reveal()]).toEqual(['first', 'first'])
  now = validity / 2
  await sockets.renew()
  expect([await readFile(file, 'utf8'), heard[0]?.()?.reveal()]).toEqual(['second', 'second'])
  kept = ''
  now = validity
  await sockets.renew()
  expect([await readdir(join(file, '..')), heard[0]?.()]).toEqual([[], undefined])
  sockets.close(machine.id)
  await sockets.stop()
  expect([heard.length, await readdir(memory)]).toEqual([0, []])
})

test('another authority takes over the sockets that one has left, and removes those of no machine', async () => {
  const first = open()
  await first.open(machine)
  await first.stop()
  const stray = join(memory, 'api', 'fedcba98765432')
  await mkdir(stray)
  const second = open()
  await second.restore()
  expect([await readdir(join(memory, 'api')), heard.length]).toEqual([[machine.id], 1])
  kept = undefined
  expect(await second.open({ ...machine, id: '00000000000000' })).toBeUndefined()
  await second.stop()
})

test('a machine that runs keeps its folder, and gets its socket later, if it cannot be opened at once', async () => {
  const first = open()
  await first.open(machine)
  await first.stop()
  const api = join(memory, 'api')
  const before = await stat(join(api, machine.id))
  let fails = true
  const reported: unknown[] = []
  const second = open({
    engine: { sharesFolder: async () => false },
    tokenOf: async () => {
      if (fails) throw new Error('the database is away')
      return { token: new Secret('second') }
    },
    report: (error) => void reported.push(error),
  })
  await second.restore()
  expect([reported.length, heard.length, await readdir(api)]).toEqual([1, 0, [machine.id]])
  fails = false
  await second.renew()
  expect([heard.length, await readFile(join(api, machine.id, 'token'), 'utf8')]).toEqual([1, 'second'])
  // What its run sees is this folder, and none that was made anew.
  expect((await stat(join(api, machine.id))).ino).toBe(before.ino)
  await second.stop()
})

test('only a folder in memory is used, which the engine sees and nobody else can enter', async () => {
  const folders = [join(memory, 'link'), join(memory, 'wide'), '/work-nowhere/api', join(import.meta.dirname, 'api')]
  await mkdir(join(memory, 'target'))
  await symlink(join(memory, 'target'), join(memory, 'link'))
  await mkdir(join(memory, 'wide'))
  await chmod(join(memory, 'wide'), 0o777)
  const sockets = open({ folders })
  expect(await sockets.trouble()).toContain('RUNTIME_DIRECTORY')
  await expect(sockets.open(machine)).rejects.toThrow('it gets no token of its own')
  expect(await readdir(import.meta.dirname)).not.toContain('api')
  await sockets.stop()

  shares = false
  const apart = open()
  expect(await apart.trouble()).toContain('does not see the folders of this machine')
  shares = true
  expect(await apart.trouble()).toBeUndefined()
  await apart.stop()
})

test('while the engine is away, nothing is known of the folders that it sees', async () => {
  const away = new EngineError('unavailable', 'No engine answers')
  let answer = (): Promise<boolean> => Promise.reject(away)
  const sockets = open({ engine: { sharesFolder: () => answer() } })
  await expect(sockets.trouble()).rejects.toBe(away)
  expect(await sockets.knownTrouble()).toBeUndefined()
  await expect(sockets.open(machine)).rejects.toBe(away)
  answer = () => Promise.resolve(true)
  expect(await sockets.open(machine)).toMatchObject({ path: '/.fly' })
  await sockets.stop()
})

test('a request does not wait for an engine that says nothing', async () => {
  const sockets = open({ engine: { sharesFolder: () => new Promise(() => {}) } })
  vi.useFakeTimers({ toFake: ['setTimeout'] })
  try {
    const asked = sockets.knownTrouble()
    vi.runAllTimers()
    expect(await asked).toBeUndefined()
  } finally {
    vi.useRealTimers()
  }
  await sockets.stop()
})
