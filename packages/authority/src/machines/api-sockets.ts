// The folder that machines with a token of their own see at /.fly: the token for this hour, and a socket of the API.
import { chmod, lstat, mkdir, readdir, rename, rm, rmdir, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Engine, SharedFolder } from '@hallpass/engine'

import type { Machine } from '../domain/machine.ts'
import type { Secret } from '../domain/secret.ts'
import type { Store } from '../domain/store.ts'
import { isOf } from './failures.ts'
import { CannotRun } from './run-spec.ts'

export interface ApiSockets {
  /** Why there are none here, for people; undefined if there are. @throws EngineError while the engine does not say */
  trouble(): Promise<string | undefined>
  /** The same for a request, which does not wait for long: undefined while the engine does not say. */
  knownTrouble(): Promise<string | undefined>
  /** Opens a machine's, before its run begins, or again. Undefined if it has no token of its own. */
  open(machine: Machine): Promise<SharedFolder | undefined>
  /** Closes a machine's, if it has one: its run has ended. */
  close(machineId: string): void
  /** Opens those of all machines that run, and removes what is left of others. */
  restore(): Promise<void>
  /** Hands out the tokens that are due. */
  renew(): Promise<void>
  /** Stops answering, because another authority does. The machines' folders stay as they are. */
  leave(): Promise<void>
  /** The same, for good. */
  stop(): Promise<void>
}

export interface ApiSocketOptions {
  readonly store: Pick<Store, 'read'>
  readonly engine: Pick<Engine, 'sharesFolder'>
  /** Where the sockets of this installation may be. The first folder that is in memory and nobody else's is used. */
  readonly folders: readonly string[]
  /** The token that a machine gets now, undefined in it if that has ended; undefined if it has no token of its own. */
  readonly tokenOf: (machine: Machine) => Promise<{ readonly token: Secret | undefined } | undefined>
  /** How long such a token is valid, in milliseconds. */
  readonly validity: number
  /** Listens at the path. Returns a function that ends it. */
  readonly listen: (path: string, machine: Machine, token: () => Secret | undefined) => Promise<() => void>
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly report: (error: unknown) => void
}

interface OpenSocket {
  readonly machine: Machine
  readonly folder: string
  token: Secret | undefined
  renewAt: number
  end: () => void
}

const path = '/.fly'
/** Milliseconds that a request waits for the engine. */
const patience = 3000
const lookingInterval = 30_000
const machinesAtOnce = 500

export function createApiSockets(options: ApiSocketOptions): ApiSockets {
  const { store, engine, folders, tokenOf, validity, listen, now, report } = options
  const opened = new Map<string, OpenSocket>()
  /** Machines that run, and whose sockets could not be opened again: their folders stay, and it is tried again. */
  const missed = new Map<string, Machine>()
  /** Work for one machine, one piece after the other. */
  const doing = new Map<string, Promise<unknown>>()
  let isShared: Promise<boolean> | undefined

  const timer = setInterval(() => void renew(), lookingInterval).unref()

  async function trouble(): Promise<string | undefined> {
    const place = await makePlace(folders)
    if (place === undefined) {
      return `none of ${folders.join(', ')} can be a folder in memory that is the authority's own: let RUNTIME_DIRECTORY name one on a tmpfs`
    }
    isShared ??= engine.sharesFolder(place)
    const asked = isShared
    if (await asked.catch(() => false)) return undefined
    // The operator may have fixed it before the next call, and an engine that is away may be back.
    isShared = undefined
    await asked
    return 'their engine does not see the folders of this machine: use one here, by a unix socket, or the local engine'
  }

  /** A machine that is created meanwhile waits for the engine, as any other. */
  async function knownTrouble(): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), patience)
    })
    try {
      return await Promise.race([trouble().catch(orUnknown), late])
    } finally {
      clearTimeout(timer)
    }
  }

  function inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const done = (doing.get(id) ?? Promise.resolve()).then(work)
    const settled = done.catch(() => {}).then(() => void (doing.get(id) === settled && doing.delete(id)))
    doing.set(id, settled)
    return done
  }

  async function hand(socket: OpenSocket, token: Secret | undefined): Promise<void> {
    const file = join(socket.folder, 'token')
    if (token === undefined) await rm(file, { force: true })
    else {
      await rm(`${file}.new`, { force: true })
      await writeFile(`${file}.new`, token.reveal(), { flag: 'wx', mode: 0o400 })
      await chmod(`${file}.new`, 0o444)
      await rename(`${file}.new`, file)
    }
    socket.token = token
    socket.renewAt = now() + validity / 2
  }

  async function renew(): Promise<void> {
    for (const machine of missed.values()) await openAgain(machine)
    const due = [...opened.values()].filter(({ renewAt }) => renewAt <= now())
    const one = async (socket: OpenSocket) => {
      if (opened.get(socket.machine.id) === socket) await hand(socket, (await tokenOf(socket.machine))?.token)
    }
    await Promise.all(due.map((socket) => inTurn(socket.machine.id, () => one(socket)).catch(report)))
  }

  async function openAgain(machine: Machine): Promise<void> {
    const { id } = machine
    missed.set(id, machine)
    await inTurn(id, async () => void (missed.has(id) && (await openNow(machine)))).catch(report)
  }

  async function openNow(machine: Machine): Promise<SharedFolder | undefined> {
    const { id } = machine
    const given = await tokenOf(machine)
    if (given === undefined) {
      missed.delete(id)
      return undefined
    }
    const place = await makePlace(folders)
    // An engine that shows a run its folder need not prove again that it can.
    const why = place !== undefined && missed.has(id) ? undefined : await trouble()
    if (place === undefined || why !== undefined) throw new CannotRun(`it gets no token of its own: ${why ?? ''}`)
    const folder = join(place, id)
    await mkdir(folder, { recursive: true })
    await chmod(folder, 0o755)
    let socket = opened.get(id)
    if (socket === undefined) {
      const made: OpenSocket = { machine, folder, token: undefined, renewAt: 0, end() {} }
      made.end = await listen(join(folder, 'api'), machine, () => made.token)
      opened.set(id, made)
      socket = made
    }
    await hand(socket, given.token)
    missed.delete(id)
    return { folder, path }
  }

  async function closeNow(id: string): Promise<void> {
    missed.delete(id)
    const socket = opened.get(id)
    if (socket === undefined) return
    opened.delete(id)
    socket.end()
    await rm(socket.folder, { recursive: true, force: true })
  }

  async function leave(): Promise<void> {
    missed.clear()
    await Promise.all(doing.values())
    for (const { end } of opened.values()) end()
    opened.clear()
  }

  const open = (machine: Machine) => inTurn(machine.id, () => openNow(machine))

  return {
    trouble,
    knownTrouble,
    open,
    renew,

    close(id) {
      if (opened.has(id) || doing.has(id) || missed.has(id)) inTurn(id, () => closeNow(id)).catch(report)
    },

    async restore() {
      let after = ''
      for (;;) {
        const ids = await store.read((tx) => tx.machineTokens.machines(machinesAtOnce, after))
        for (const id of ids) {
          const machine = await store.read((tx) => tx.machines.byId(id))
          if (machine?.startedAt != null) await openAgain(machine)
        }
        const last = ids.at(-1)
        if (ids.length < machinesAtOnce || last === undefined) break
        after = last
      }
      for (const place of folders) {
        if (!(await isOurs(place))) continue
        for (const name of await readdir(place)) {
          const isNeeded = [opened, doing, missed].some((some) => some.has(name))
          if (/^[0-9a-f]{14}$/.test(name) && !isNeeded) {
            await rm(join(place, name), { recursive: true, force: true })
          }
        }
      }
    },

    leave,

    async stop() {
      clearInterval(timer)
      await leave()
      // Only if nothing is left in it.
      for (const place of folders) if (await isOurs(place)) await rmdir(place).catch(() => {})
    },
  }
}

function orUnknown(error: unknown): undefined {
  if (!isOf(error, 'unavailable', 'timeout')) throw error
}

/** Where they may be: systemd's folder, or a usual folder in memory. */
export function foldersOfSockets(owner: string, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const parents = [env['RUNTIME_DIRECTORY'], '/run', env['XDG_RUNTIME_DIR'], '/dev/shm']
  return parents.flatMap((parent = '') => (parent.startsWith('/') ? [join(parent, `hallpass-api-${owner}`)] : []))
}

/** The first of these folders that can be ours, made if it is missing; undefined if none can be. */
async function makePlace(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    if (!(await isInMemory(join(folder, '..')))) continue
    // It may exist already. If it cannot be made, the reason does not matter.
    await mkdir(folder, { mode: 0o700 }).catch(() => {})
    if (await isOurs(folder)) return folder
  }
  return undefined
}

/** Whether nobody else can enter it. Somebody else may have made it, if everybody may write to its parent. */
async function isOurs(folder: string): Promise<boolean> {
  const found = await lstat(folder).catch(() => undefined)
  return found?.isDirectory() === true && found.uid === process.geteuid?.() && (found.mode & 0o077) === 0
}

/** Whether its files never reach a disk: tmpfs or ramfs, by Linux's numbers. */
async function isInMemory(folder: string): Promise<boolean> {
  const type = await statfs(folder).then(
    ({ type: found }) => found,
    () => undefined,
  )
  return type === 0x0102_1994 || type === 0x8584_58f6
}
